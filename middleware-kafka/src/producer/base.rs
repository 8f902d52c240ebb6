//! `BaseProducer`, with the spans of its messages.

use std::fmt;
use std::ops::Deref;

use otel_instrumentation::MessagingConfig;
use rdkafka::ClientConfig;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::KafkaResult;
use rdkafka::message::ToBytes;
use rdkafka::producer::{
    BaseProducer, BaseRecord, DefaultProducerContext, NoCustomPartitioner, Partitioner,
    ProducerContext,
};

use super::context::OtelProducerContext;
use super::partitioner::registrable;
use super::sender::{Refused, Sender, with_opaque};
use crate::facts::identity;

/// A [`BaseProducer`] that sends the context with each message, and records a span for each.
///
/// The span ends when the delivery is reported, during a call of [`poll`](BaseProducer::poll) or
/// `flush`. All methods except [`send`](Self::send) are those of the [`BaseProducer`] inside.
///
/// ```no_run
/// use std::time::Duration;
/// use otel_middleware_kafka::OtelBaseProducer;
/// use rdkafka::ClientConfig;
/// use rdkafka::producer::{BaseRecord, Producer};
///
/// let mut config = ClientConfig::new();
/// let producer: OtelBaseProducer = config.set("bootstrap.servers", "kafka:9092").create()?;
/// producer.send(BaseRecord::to("orders").key("42").payload("{}")).map_err(|(error, _)| error)?;
/// producer.flush(Duration::from_secs(1))?;
/// # Ok::<(), rdkafka::error::KafkaError>(())
/// ```
pub struct OtelBaseProducer<C = DefaultProducerContext, Part = NoCustomPartitioner>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    producer: BaseProducer<OtelProducerContext<C>, Part>,
    sender: Sender,
}

impl<C, Part> OtelBaseProducer<C, Part>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    /// Uses this configuration for the telemetry. Settings of the broker and the client that it
    /// leaves out are kept. Default: [`MessagingConfig::new`].
    #[must_use]
    pub fn with_config(mut self, config: MessagingConfig) -> Self {
        self.sender = self.sender.with_config(config);
        self
    }

    /// Sends a message, as [`BaseProducer::send`] does.
    ///
    /// # Errors
    ///
    /// Those of [`BaseProducer::send`]. The record is returned unchanged.
    #[expect(clippy::result_large_err, reason = "the result is that of rdkafka")]
    pub fn send<'a, K, P>(
        &self,
        record: BaseRecord<'a, K, P, C::DeliveryOpaque>,
    ) -> Result<(), Refused<'a, K, P, C::DeliveryOpaque>>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let Err((error, record)) = self.producer.send(self.sender.begin(record)) else {
            return Ok(());
        };
        let (mut record, in_flight) = with_opaque(record, ());
        let opaque = in_flight.refuse(&error, &mut record.headers);
        let (record, ()) = with_opaque(record, opaque);
        Err((error, record))
    }
}

impl FromClientConfig for OtelBaseProducer {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultProducerContext)
    }
}

impl<C, Part> FromClientConfigAndContext<C> for OtelBaseProducer<C, Part>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let context = OtelProducerContext::new(context);
        let registrable = registrable(config, &context);
        Ok(Self {
            producer: BaseProducer::from_config_and_context(&registrable, context)?,
            sender: Sender::new(identity(config)),
        })
    }
}

impl<C, Part> Deref for OtelBaseProducer<C, Part>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    type Target = BaseProducer<OtelProducerContext<C>, Part>;

    fn deref(&self) -> &Self::Target {
        &self.producer
    }
}

impl<C, Part> fmt::Debug for OtelBaseProducer<C, Part>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelBaseProducer")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
