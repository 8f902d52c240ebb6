//! The client of an [`OtelProducer`](super::OtelProducer): created by this crate, or given by the
//! user.

use std::sync::Arc;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::ToBytes;
use rdkafka::producer::{BaseRecord, FutureProducer, FutureRecord, ThreadedProducer};
use rdkafka::util::AsyncRuntime;
use rdkafka::{ClientConfig, ClientContext};

use super::delivery::{DeliveryFuture, Waiting, WaitingContext};
use super::in_flight::InFlight;
use super::sender::with_opaque;

pub(super) enum FutureClient<C, R>
where
    C: ClientContext + 'static,
{
    /// The operation travels with the message.
    Own(Arc<ThreadedProducer<WaitingContext<C>>>),
    /// The operation waits with the future of the delivery.
    Given(FutureProducer<C, R>),
}

/// A record whose delivery is waited for.
pub(super) type WaitedRecord<'a, K, P> = BaseRecord<'a, K, P, Box<InFlight<Waiting>>>;

/// A record that could not be queued, with the error and the future that would have waited for its
/// delivery.
pub(super) type Unqueued<'a, K, P> = (KafkaError, WaitedRecord<'a, K, P>, DeliveryFuture);

impl<C, R> FutureClient<C, R>
where
    C: ClientContext + 'static,
    R: AsyncRuntime,
{
    pub(super) fn new(config: &ClientConfig, context: C) -> KafkaResult<Self> {
        let context = WaitingContext(context);
        let producer = ThreadedProducer::from_config_and_context(config, context)?;
        Ok(Self::Own(Arc::new(producer)))
    }

    /// Queues a record for whose delivery `delivery` waits, and returns the future to await.
    #[expect(clippy::result_large_err, reason = "the result is that of rdkafka")]
    pub(super) fn send<'a, K, P>(
        &self,
        record: WaitedRecord<'a, K, P>,
        delivery: DeliveryFuture,
    ) -> Result<DeliveryFuture, Unqueued<'a, K, P>>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let producer = match self {
            Self::Own(producer) => {
                return match producer.send(record) {
                    Ok(()) => Ok(delivery),
                    Err((error, record)) => Err((error, record, delivery)),
                };
            }
            Self::Given(producer) => producer,
        };
        let (record, in_flight) = with_opaque(record, ());
        match producer.send_result(unwaited(record)) {
            Ok(given) => Ok(DeliveryFuture::given(given, in_flight)),
            Err((error, record)) => {
                let record = BaseRecord {
                    topic: record.topic,
                    partition: record.partition,
                    payload: record.payload,
                    key: record.key,
                    timestamp: record.timestamp,
                    headers: record.headers,
                    delivery_opaque: in_flight,
                };
                Err((error, record, delivery))
            }
        }
    }
}

impl<C, R> Clone for FutureClient<C, R>
where
    C: ClientContext + 'static,
{
    fn clone(&self) -> Self {
        match self {
            Self::Own(producer) => Self::Own(producer.clone()),
            Self::Given(producer) => Self::Given(producer.clone()),
        }
    }
}

pub(super) fn unwaited<'a, K, P>(record: BaseRecord<'a, K, P>) -> FutureRecord<'a, K, P>
where
    K: ToBytes + ?Sized,
    P: ToBytes + ?Sized,
{
    FutureRecord {
        topic: record.topic,
        partition: record.partition,
        payload: record.payload,
        key: record.key,
        timestamp: record.timestamp,
        headers: record.headers,
    }
}
