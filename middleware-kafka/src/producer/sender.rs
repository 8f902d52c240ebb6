//! The steps of all producers before a record is passed to rdkafka.

use otel_instrumentation::{MessagingConfig, ProducerInstrumentation, instrumentation_scope};
use rdkafka::error::KafkaError;
use rdkafka::message::ToBytes;
use rdkafka::producer::BaseRecord;
use rdkafka::util::IntoOpaque;

use super::in_flight::InFlight;
use crate::facts;

/// A record that was not queued, with the error.
pub(super) type Refused<'a, K, P, D> = (KafkaError, BaseRecord<'a, K, P, D>);

/// Begins the operations of a producer's messages.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    instrumentation: ProducerInstrumentation,
    /// The identity of the client, from its configuration.
    identity: MessagingConfig,
}

impl Sender {
    pub(super) fn new(identity: MessagingConfig) -> Self {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            instrumentation: ProducerInstrumentation::new(scope, identity.clone()),
            identity,
        }
    }

    pub(super) fn with_config(self, config: MessagingConfig) -> Self {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let config = config.or(self.identity.clone());
        Self {
            instrumentation: ProducerInstrumentation::new(scope, config),
            identity: self.identity,
        }
    }

    /// Begins the operation of a message, and puts the context and the operation into its record.
    pub(super) fn begin<'a, K, P, D>(
        &self,
        record: BaseRecord<'a, K, P, D>,
    ) -> BaseRecord<'a, K, P, Box<InFlight<D>>>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
        D: IntoOpaque,
    {
        let (mut record, opaque) = with_opaque(record, ());
        let in_flight = self.begin_with(&mut record, opaque);
        let (record, ()) = with_opaque(record, in_flight);
        record
    }

    /// The same as [`begin`](Self::begin), for an opaque value of a type that rdkafka does not
    /// take.
    pub(super) fn begin_with<K, P, D>(
        &self,
        record: &mut BaseRecord<'_, K, P>,
        opaque: D,
    ) -> Box<InFlight<D>>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let message = facts::to_send(record.topic, record.partition, record.key, record.payload);
        InFlight::begin(&self.instrumentation, &message, &mut record.headers, opaque)
    }
}

/// Returns the record with another opaque value, and its former one.
pub(super) fn with_opaque<'a, K, P, D, E>(
    record: BaseRecord<'a, K, P, D>,
    opaque: E,
) -> (BaseRecord<'a, K, P, E>, D)
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
    D: IntoOpaque,
    E: IntoOpaque,
{
    let BaseRecord {
        topic,
        partition,
        payload,
        key,
        timestamp,
        headers,
        delivery_opaque,
    } = record;
    let record = BaseRecord {
        topic,
        partition,
        payload,
        key,
        timestamp,
        headers,
        delivery_opaque: opaque,
    };
    (record, delivery_opaque)
}
