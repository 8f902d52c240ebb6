//! `ThreadedProducer`, with the spans of its messages.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use otel_instrumentation::MessagingConfig;
use rdkafka::ClientConfig;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::KafkaResult;
use rdkafka::message::ToBytes;
use rdkafka::producer::{
    BaseRecord, DefaultProducerContext, NoCustomPartitioner, Partitioner, ProducerContext,
    ThreadedProducer,
};

use super::context::OtelProducerContext;
use super::partitioner::registrable;
use super::sender::{Refused, Sender, with_opaque};
use crate::facts::identity;

/// A [`ThreadedProducer`] that sends the context with each message, and records a span for each. It
/// is cheap to clone.
///
/// The span ends when the delivery is reported, in the producer's own thread. All methods except
/// [`send`](Self::send) are those of the [`ThreadedProducer`] inside.
///
/// ```no_run
/// use otel_middleware_kafka::OtelThreadedProducer;
/// use rdkafka::ClientConfig;
/// use rdkafka::producer::BaseRecord;
///
/// let mut config = ClientConfig::new();
/// let producer: OtelThreadedProducer = config.set("bootstrap.servers", "kafka:9092").create()?;
/// producer.send(BaseRecord::to("orders").key("42").payload("{}")).map_err(|(error, _)| error)?;
/// # Ok::<(), rdkafka::error::KafkaError>(())
/// ```
#[must_use = "the producer's thread stops with it"]
pub struct OtelThreadedProducer<C = DefaultProducerContext, Part = NoCustomPartitioner>
where
    C: ProducerContext<Part> + 'static,
    Part: Partitioner,
{
    producer: Arc<ThreadedProducer<OtelProducerContext<C>, Part>>,
    sender: Sender,
}

impl<C, Part> OtelThreadedProducer<C, Part>
where
    C: ProducerContext<Part> + 'static,
    Part: Partitioner,
{
    /// Uses this configuration for the telemetry. Settings of the broker and the client that it
    /// leaves out are kept. Default: [`MessagingConfig::new`].
    pub fn with_config(mut self, config: MessagingConfig) -> Self {
        self.sender = self.sender.with_config(config);
        self
    }

    /// Sends a message, as [`ThreadedProducer::send`] does.
    ///
    /// # Errors
    ///
    /// Those of [`ThreadedProducer::send`]. The record is returned unchanged.
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

impl FromClientConfig for OtelThreadedProducer {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultProducerContext)
    }
}

impl<C, Part> FromClientConfigAndContext<C> for OtelThreadedProducer<C, Part>
where
    C: ProducerContext<Part> + 'static,
    Part: Partitioner + Send + Sync + 'static,
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let context = OtelProducerContext::new(context);
        let registrable = registrable(config, &context);
        let producer = ThreadedProducer::from_config_and_context(&registrable, context)?;
        Ok(Self {
            producer: Arc::new(producer),
            sender: Sender::new(identity(config)),
        })
    }
}

impl<C, Part> Clone for OtelThreadedProducer<C, Part>
where
    C: ProducerContext<Part> + 'static,
    Part: Partitioner,
{
    fn clone(&self) -> Self {
        Self {
            producer: self.producer.clone(),
            sender: self.sender.clone(),
        }
    }
}

impl<C, Part> Deref for OtelThreadedProducer<C, Part>
where
    C: ProducerContext<Part> + 'static,
    Part: Partitioner,
{
    type Target = ThreadedProducer<OtelProducerContext<C>, Part>;

    fn deref(&self) -> &Self::Target {
        &self.producer
    }
}

impl<C, Part> fmt::Debug for OtelThreadedProducer<C, Part>
where
    C: ProducerContext<Part> + 'static,
    Part: Partitioner,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelThreadedProducer")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
