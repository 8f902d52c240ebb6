//! `FutureProducer`, with the spans of its messages.

use std::fmt;
use std::time::{Duration, Instant};

use otel_instrumentation::MessagingConfig;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{OwnedMessage, Timestamp, ToBytes};
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use rdkafka::producer::{BaseRecord, FutureProducer, FutureRecord, PARTITION_UA};
use rdkafka::util::{AsyncRuntime, DefaultRuntime, Timeout};
use rdkafka::{ClientConfig, ClientContext};

use super::client::{FutureClient, WaitedRecord, unwaited};
use super::delivery::{DeliveryFuture, Waiting, channel};
use super::sender::{Sender, with_opaque};
use crate::facts::identity;

/// A [`FutureProducer`] that sends the context with each message, and records a span for each. It
/// is cheap to clone.
///
/// The span lasts from [`send`](Self::send) until the message is delivered or its delivery has
/// failed. This is so even if the future is dropped, because the message is sent nevertheless.
///
/// Create it from a configuration. It then knows everything about the client that the conventions
/// require:
///
/// ```no_run
/// use std::time::Duration;
/// use otel_middleware_kafka::OtelProducer;
/// use rdkafka::ClientConfig;
/// use rdkafka::producer::FutureRecord;
///
/// # async fn example() -> Result<(), rdkafka::error::KafkaError> {
/// let mut config = ClientConfig::new();
/// let producer: OtelProducer = config.set("bootstrap.servers", "kafka:9092").create()?;
/// let record = FutureRecord::to("order.placed").key("42").payload("{}");
/// let delivery = producer.send(record, Duration::from_secs(1)).await.map_err(|(error, _)| error)?;
/// println!("partition {}, offset {}", delivery.partition, delivery.offset);
/// # Ok(())
/// # }
/// ```
#[must_use = "the producer's thread stops with it"]
pub struct OtelProducer<C = DefaultClientContext, R = DefaultRuntime>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    client: FutureClient<C, R>,
    sender: Sender,
}

impl<C, R> OtelProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    /// Wraps an existing producer.
    ///
    /// Prefer to create the producer from a configuration. A finished producer cannot be asked for
    /// its brokers and its client id; set them by [`with_config`](Self::with_config). In addition,
    /// the span of a message ends with the future that waits for the delivery. If that future is
    /// dropped, the span does not show what happened to the message.
    pub fn new(client: FutureProducer<C, R>) -> Self {
        Self {
            client: FutureClient::Given(client),
            sender: Sender::new(MessagingConfig::new()),
        }
    }

    /// Uses this configuration for the telemetry. Settings of the broker and the client that it
    /// leaves out are kept. Default: [`MessagingConfig::new`].
    pub fn with_config(mut self, config: MessagingConfig) -> Self {
        self.sender = self.sender.with_config(config);
        self
    }

    /// Sends a message and waits for its delivery, as [`FutureProducer::send`] does. It waits for
    /// room in the producer's queue, but no longer than `queue_timeout`.
    ///
    /// # Errors
    ///
    /// Those of [`FutureProducer::send`]. The message that is returned with them has the given
    /// headers.
    pub async fn send<K, P>(
        &self,
        record: FutureRecord<'_, K, P>,
        queue_timeout: impl Into<Timeout>,
    ) -> OwnedDeliveryResult
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let start = Instant::now();
        let queue_timeout = queue_timeout.into();
        let may_wait = || match queue_timeout {
            Timeout::Never => true,
            Timeout::After(timeout) => start.elapsed() < timeout,
        };
        let (topic, key, payload) = (record.topic, record.key, record.payload);
        let (waiting, mut delivery) = channel();
        let mut record = self.begin(record, waiting);
        let (error, record) = loop {
            match self.client.send(record, delivery) {
                Ok(delivery) => match delivery.await {
                    Ok(result) => return result,
                    // This does not happen, because the producer is kept alive here.
                    Err(_) => {
                        let lost = FutureRecord::to(topic);
                        break (
                            KafkaError::Canceled,
                            FutureRecord {
                                key,
                                payload,
                                ..lost
                            },
                        );
                    }
                },
                Err((error, back, waiting)) if error == QUEUE_FULL && may_wait() => {
                    (record, delivery) = (back, waiting);
                    R::delay_for(QUEUE_DELAY).await;
                }
                Err((error, back, _)) => {
                    let record = refuse(&error, back);
                    break (error, record);
                }
            }
        };
        Err((error, owned(record)))
    }

    /// Hands a message to the producer, as [`FutureProducer::send_result`] does. The end of the
    /// span does not depend on the returned future.
    ///
    /// # Errors
    ///
    /// Those of [`FutureProducer::send_result`]. The record is returned unchanged.
    #[expect(clippy::result_large_err, reason = "the result is that of rdkafka")]
    pub fn send_result<'a, K, P>(
        &self,
        record: FutureRecord<'a, K, P>,
    ) -> Result<DeliveryFuture, (KafkaError, FutureRecord<'a, K, P>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let (waiting, delivery) = channel();
        match self.client.send(self.begin(record, waiting), delivery) {
            Ok(delivery) => Ok(delivery),
            Err((error, back, _)) => {
                let record = refuse(&error, back);
                Err((error, record))
            }
        }
    }

    pub(super) fn client(&self) -> &FutureClient<C, R> {
        &self.client
    }

    fn begin<'a, K, P>(
        &self,
        record: FutureRecord<'a, K, P>,
        waiting: Waiting,
    ) -> WaitedRecord<'a, K, P>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let mut record = BaseRecord {
            topic: record.topic,
            partition: record.partition,
            payload: record.payload,
            key: record.key,
            timestamp: record.timestamp,
            headers: record.headers,
            delivery_opaque: (),
        };
        let in_flight = self.sender.begin_with(&mut record, waiting);
        let (record, ()) = with_opaque(record, in_flight);
        record
    }
}

impl<R: AsyncRuntime> FromClientConfig for OtelProducer<DefaultClientContext, R> {
    fn from_config(config: &ClientConfig) -> KafkaResult<Self> {
        Self::from_config_and_context(config, DefaultClientContext)
    }
}

impl<C, R> FromClientConfigAndContext<C> for OtelProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    fn from_config_and_context(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        Ok(Self {
            client: FutureClient::new(config, context)?,
            sender: Sender::new(identity(config)),
        })
    }
}

impl<C, R> Clone for OtelProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            sender: self.sender.clone(),
        }
    }
}

impl<C, R> fmt::Debug for OtelProducer<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelProducer")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

/// Restores a record that was not queued.
fn refuse<'a, K, P>(error: &KafkaError, record: WaitedRecord<'a, K, P>) -> FutureRecord<'a, K, P>
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
{
    let (mut record, in_flight) = with_opaque(record, ());
    in_flight.refuse(error, &mut record.headers);
    unwaited(record)
}

/// The message that rdkafka returns for a record that it could not queue.
fn owned<K, P>(record: FutureRecord<'_, K, P>) -> OwnedMessage
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
{
    OwnedMessage::new(
        record.payload.map(|payload| payload.to_bytes().to_vec()),
        record.key.map(|key| key.to_bytes().to_vec()),
        record.topic.to_owned(),
        record
            .timestamp
            .map_or(Timestamp::NotAvailable, Timestamp::CreateTime),
        record.partition.unwrap_or(PARTITION_UA),
        0,
        record.headers,
    )
}

const QUEUE_FULL: KafkaError = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
/// The same delay as in rdkafka.
const QUEUE_DELAY: Duration = Duration::from_millis(100);
