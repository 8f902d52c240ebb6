//! The result of a delivery, as a future.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_channel::oneshot;
use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::producer::future_producer::{Delivery, OwnedDeliveryResult};
use rdkafka::producer::{DeliveryFuture as KafkaFuture, DeliveryResult, ProducerContext};
use rdkafka::statistics::Statistics;

use super::in_flight::{Given, InFlight, end, fail, record_place};

/// Waits for the delivery of a message, as rdkafka's own future of the same name does.
///
/// The message is sent whether this future is awaited or dropped. If the producer is dropped before
/// the delivery is reported, the future is [cancelled](oneshot::Canceled).
#[must_use = "the delivery may fail"]
#[derive(Debug)]
pub struct DeliveryFuture(Delivering);

enum Delivering {
    /// The operation travels with the message.
    Own(oneshot::Receiver<OwnedDeliveryResult>),
    /// The operation is kept here and ends with the future. `None` after the end.
    Given(KafkaFuture, Option<Box<InFlight<Waiting>>>),
}

impl DeliveryFuture {
    /// For a message whose client does not know about operations.
    pub(super) fn given(delivery: KafkaFuture, in_flight: Box<InFlight<Waiting>>) -> Self {
        Self(Delivering::Given(delivery, Some(in_flight)))
    }
}

impl Future for DeliveryFuture {
    type Output = Result<OwnedDeliveryResult, oneshot::Canceled>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Delivering::Own(receiver) => Pin::new(receiver).poll(task),
            Delivering::Given(delivery, in_flight) => {
                let result = ready!(Pin::new(delivery).poll(task));
                Poll::Ready(match in_flight.take() {
                    Some(in_flight) => report(result, *in_flight),
                    None => result,
                })
            }
        }
    }
}

impl fmt::Debug for Delivering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Own(_) => "Own",
            Self::Given(..) => "Given",
        })
    }
}

/// Ends the operation with the delivery.
fn report(
    result: Result<OwnedDeliveryResult, oneshot::Canceled>,
    in_flight: InFlight<Waiting>,
) -> Result<OwnedDeliveryResult, oneshot::Canceled> {
    let InFlight {
        mut operation,
        headers,
        ..
    } = in_flight;
    match result {
        Ok(Ok(delivery)) => {
            record_place(&mut operation, delivery.partition, delivery.offset);
            operation.finish();
            Ok(Ok(delivery))
        }
        Ok(Err((error, message))) => {
            fail(operation, &error);
            Ok(Err((error, as_given(message, headers))))
        }
        // The producer is gone, so the fate of the message is unknown.
        Err(canceled) => {
            fail(operation, &KafkaError::Canceled);
            Err(canceled)
        }
    }
}

/// The sender to the future that waits for the delivery.
pub(super) type Waiting = oneshot::Sender<OwnedDeliveryResult>;

pub(super) fn channel() -> (Waiting, DeliveryFuture) {
    let (sender, receiver) = oneshot::channel();
    (sender, DeliveryFuture(Delivering::Own(receiver)))
}

/// Reports deliveries to the waiting futures, and leaves the rest to the user's context.
pub(super) struct WaitingContext<C>(pub(super) C);

impl<C: ClientContext> ClientContext for WaitingContext<C> {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = C::ENABLE_REFRESH_OAUTH_TOKEN;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        self.0.stats(statistics);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.0.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.0.generate_oauth_token(config)
    }
}

impl<C: ClientContext> ProducerContext for WaitingContext<C> {
    type DeliveryOpaque = Box<InFlight<Waiting>>;

    fn delivery(&self, result: &DeliveryResult<'_>, in_flight: Self::DeliveryOpaque) {
        let InFlight {
            operation,
            headers,
            opaque: waiting,
        } = *in_flight;
        end(operation, result);
        // The future may have been dropped.
        let _ = waiting.send(owned(result, headers));
    }
}

impl<C> fmt::Debug for WaitingContext<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WaitingContext")
            .finish_non_exhaustive()
    }
}

/// The result, copied out of the producer's buffers.
#[expect(clippy::result_large_err, reason = "the result is that of rdkafka")]
fn owned(result: &DeliveryResult<'_>, headers: Given) -> OwnedDeliveryResult {
    match result {
        Ok(message) => Ok(Delivery {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp(),
        }),
        Err((error, message)) => Err((error.clone(), as_given(message.detach(), headers))),
    }
}

/// A message that failed, with the headers that the user gave it.
fn as_given(message: OwnedMessage, headers: Given) -> OwnedMessage {
    match headers {
        Given::Untouched => message,
        Given::Replaced(given) => message.replace_headers(given),
    }
}
