//! The client that an [`OtelProducer`](super::OtelProducer) sends with: one of our own, or one that
//! was there already.

use std::sync::Arc;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::ToBytes;
use rdkafka::producer::{
    BaseRecord, DeliveryFuture, FutureProducer, FutureRecord, ThreadedProducer,
};
use rdkafka::util::AsyncRuntime;
use rdkafka::{ClientConfig, ClientContext};

use super::delivery::{Waiting, WaitingContext, as_given};
use super::in_flight::{InFlight, fail, record_place};
use super::sender::with_opaque;

pub(super) enum FutureClient<C, R>
where
    C: ClientContext + 'static,
{
    /// The operation travels with the message.
    Own(Arc<ThreadedProducer<WaitingContext<C>>>),
    /// A task waits for the delivery with it.
    Given(FutureProducer<C, R>),
}

/// A record for whose delivery somebody waits.
pub(super) type WaitedRecord<'a, K, P> = BaseRecord<'a, K, P, Box<InFlight<Waiting>>>;

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

    #[expect(clippy::result_large_err, reason = "the result is that of rdkafka")]
    pub(super) fn send<'a, K, P>(
        &self,
        record: WaitedRecord<'a, K, P>,
    ) -> Result<(), (KafkaError, WaitedRecord<'a, K, P>)>
    where
        K: ToBytes + ?Sized,
        P: ToBytes + ?Sized,
    {
        let producer = match self {
            Self::Own(producer) => return producer.send(record),
            Self::Given(producer) => producer,
        };
        let (record, in_flight) = with_opaque(record, ());
        match producer.send_result(unwaited(record)) {
            Ok(delivery) => {
                R::spawn(report(delivery, in_flight));
                Ok(())
            }
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
                Err((error, record))
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

/// Ends the operation with the delivery, and tells those who wait.
async fn report(delivery: DeliveryFuture, in_flight: Box<InFlight<Waiting>>) {
    let InFlight {
        mut operation,
        headers,
        opaque: waiting,
    } = *in_flight;
    let result = match delivery.await {
        Ok(Ok(delivery)) => {
            record_place(&mut operation, delivery.partition, delivery.offset);
            operation.finish();
            Ok(delivery)
        }
        Ok(Err((error, message))) => {
            fail(operation, &error);
            Err((error, as_given(message, headers)))
        }
        // The producer is gone, and nobody knows of the message.
        Err(_) => return fail(operation, &KafkaError::Canceled),
    };
    // Nobody need be waiting any more.
    let _ = waiting.send(result);
}
