//! This crate's context around the user's own. Deliveries of messages are reported to it.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::ops::Deref;

use rdkafka::ClientContext;
use rdkafka::Message;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedHeaders, Headers, OwnedHeaders};
use rdkafka::producer::{DeliveryResult, Partitioner, ProducerContext};
use rdkafka::statistics::Statistics;

use super::in_flight::{Given, InFlight, end};

/// The context of an [`OtelBaseProducer`](super::OtelBaseProducer) or an
/// [`OtelThreadedProducer`](super::OtelThreadedProducer), around the user's own, to which it
/// dereferences.
///
/// Every callback of the user's context is called, `delivery` with the user's own opaque value,
/// after the message's span has ended.
#[derive(Clone)]
pub struct OtelProducerContext<C>(C);

impl<C> OtelProducerContext<C> {
    pub(super) fn new(context: C) -> Self {
        Self(context)
    }
}

impl<C> Deref for OtelProducerContext<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C: ClientContext> ClientContext for OtelProducerContext<C> {
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

impl<C, Part> ProducerContext<Part> for OtelProducerContext<C>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    type DeliveryOpaque = Box<InFlight<C::DeliveryOpaque>>;

    fn delivery(&self, result: &DeliveryResult<'_>, in_flight: Self::DeliveryOpaque) {
        let InFlight {
            operation,
            headers,
            opaque,
        } = *in_flight;
        end(operation, result);
        let _reported = Reported::enter(headers);
        self.0.delivery(result, opaque);
    }

    fn get_custom_partitioner(&self) -> Option<&Part> {
        self.0.get_custom_partitioner()
    }
}

impl<C> fmt::Debug for OtelProducerContext<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelProducerContext")
            .finish_non_exhaustive()
    }
}

/// The headers of a message whose delivery is reported, as the application gave them.
///
/// Use it in [`ProducerContext::delivery`] if your context sends failed messages again. The message
/// in the report also has the headers of this crate, and a record with these would keep the context
/// of the failed send. Outside that callback, this returns the headers of the message.
///
/// ```
/// use otel_middleware_kafka::delivered_headers;
/// use rdkafka::message::{Message, OwnedHeaders};
/// use rdkafka::producer::DeliveryResult;
///
/// fn to_send_again(result: &DeliveryResult<'_>) -> Option<OwnedHeaders> {
///     let (_, message) = result.as_ref().err()?;
///     delivered_headers(message)
/// }
/// # let _ = to_send_again;
/// ```
#[must_use]
pub fn delivered_headers<M>(message: &M) -> Option<OwnedHeaders>
where
    M: Message<Headers = BorrowedHeaders>,
{
    let given = REPORTED.try_with(|reported| match &*reported.borrow() {
        Some(Given::Replaced(given)) => Some(given.clone()),
        Some(Given::Untouched) | None => None,
    });
    given.ok().flatten().unwrap_or_else(|| {
        message
            .headers()
            .filter(|it| it.count() > 0)
            .map(BorrowedHeaders::detach)
    })
}

/// Keeps the user's headers available until this is dropped. A callback may poll its producer,
/// which reports other deliveries in between.
struct Reported {
    outer: Option<Given>,
}

impl Reported {
    fn enter(headers: Given) -> Self {
        Self {
            outer: exchange(Some(headers)),
        }
    }
}

impl Drop for Reported {
    fn drop(&mut self) {
        exchange(self.outer.take());
    }
}

/// While the thread is torn down, nothing is reported any more.
fn exchange(next: Option<Given>) -> Option<Given> {
    let exchanged = REPORTED.try_with(|reported| reported.replace(next));
    exchanged.ok().flatten()
}

thread_local! {
    static REPORTED: RefCell<Option<Given>> = const { RefCell::new(None) };
}
