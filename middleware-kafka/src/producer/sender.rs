//! What all producers do before a record is handed to rdkafka.

use otel_instrumentation::{MessagingConfig, ProducerInstrumentation, instrumentation_scope};
use rdkafka::error::KafkaError;
use rdkafka::message::ToBytes;
use rdkafka::producer::BaseRecord;
use rdkafka::util::IntoOpaque;

use super::in_flight::InFlight;
use crate::facts;

/// A record that was not taken, and why.
pub(super) type Refused<'a, K, P, D> = (KafkaError, BaseRecord<'a, K, P, D>);

/// Begins the operations of a producer's messages.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    instrumentation: ProducerInstrumentation,
    /// What the client's configuration said of it.
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

    /// The message is handed over: its record gets the context and its operation.
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

    /// As [`begin`](Self::begin), where the opaque value is none to rdkafka.
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

/// The record with another opaque value, and the one that it had.
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
