//! Reading and writing context in the headers of Kafka's messages.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::Context;
use otel_propagation::{MessageExtractor, MessageHeaders, MessageHeadersMut, MessageInjector};
use rdkafka::message::{Header, Headers, OwnedHeaders};

/// Reads the context from the headers of a message and returns `context` with it added.
///
/// This is for programs that only pass on the context. If there are no headers, or nothing valid in
/// them, `context` is returned unchanged.
///
/// ```
/// use opentelemetry::Context;
/// use opentelemetry::trace::TraceContextExt;
/// use otel_middleware_kafka::{extract_context, inject_context};
/// use rdkafka::message::{Header, OwnedHeaders};
///
/// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let headers = OwnedHeaders::new().insert(Header { key: "traceparent", value: Some(parent) });
///
/// // `message.headers()` of a message that was received, or those of one to send.
/// let context = extract_context(&Context::new(), Some(&headers));
/// assert!(context.span().span_context().is_sampled());
/// assert_eq!(inject_context(&context, OwnedHeaders::new()).as_borrowed().detach().count(), 1);
/// # use rdkafka::message::Headers;
/// ```
pub fn extract_context<H: Headers>(context: &Context, headers: Option<&H>) -> Context {
    let headers = KafkaHeaders::new(headers);
    otel_propagation::extract(context, &MessageExtractor(&headers))
}

/// Writes the context to the headers of a message that is to be sent.
///
/// Other headers are kept, in their order. Headers of the same names are replaced.
#[must_use]
pub fn inject_context(context: &Context, headers: OwnedHeaders) -> OwnedHeaders {
    let mut written = WrittenHeaders::new(Some(&headers));
    otel_propagation::inject(context, &mut MessageInjector(&mut written));
    written.into_written().unwrap_or(headers)
}

/// The headers of a message, for the carriers of `otel-propagation`. They are the `BorrowedHeaders`
/// of a received message or the `OwnedHeaders` of a message to send.
///
/// rdkafka panics on a header whose name is not UTF-8. This type catches the panic, and the message
/// counts as one without headers. A panic hook still sees the panic, and a program that aborts on
/// panics still aborts.
///
/// ```
/// use opentelemetry::propagation::Extractor;
/// use otel_middleware_kafka::KafkaHeaders;
/// use otel_propagation::MessageExtractor;
/// use rdkafka::message::{Header, OwnedHeaders};
///
/// let headers = OwnedHeaders::new().insert(Header { key: "baggage", value: Some("a=1") });
/// let headers = KafkaHeaders::new(Some(&headers));
/// assert_eq!(MessageExtractor(&headers).get("baggage"), Some("a=1"));
/// ```
pub struct KafkaHeaders<'a, H> {
    /// The first headers; the unused places behind them are `None`. rdkafka measures and checks a
    /// name each time it reads it, and propagators ask for several names.
    first: [Option<Pair<'a>>; READ_ONCE],
    /// All headers, if there are more.
    all: Option<&'a H>,
}

type Pair<'a> = (&'a str, Option<&'a [u8]>);

/// Enough for the headers of propagators and some of the user's. A batch has as many for each of
/// its messages.
const READ_ONCE: usize = 8;

impl<'a, H: Headers> KafkaHeaders<'a, H> {
    /// Takes the result of [`Message::headers`](rdkafka::Message::headers). `None` means no
    /// headers.
    #[must_use]
    pub fn new(headers: Option<&'a H>) -> Self {
        let read = headers.and_then(|headers| {
            let reading = AssertUnwindSafe(|| Self::read(headers));
            catch_unwind(reading).ok()
        });
        read.unwrap_or(Self {
            first: [None; READ_ONCE],
            all: None,
        })
    }

    /// Panics on any name that is not UTF-8.
    fn read(headers: &'a H) -> Self {
        let mut first = [None; READ_ONCE];
        let count = headers.count();
        for index in 0..count {
            let header = headers.try_get(index);
            if let Some(place) = first.get_mut(index) {
                *place = header.map(|header| (header.key, header.value));
            }
        }
        let all = (count > READ_ONCE).then_some(headers);
        Self { first, all }
    }
}

impl<H: Headers> MessageHeaders for KafkaHeaders<'_, H> {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let first = self.first.iter().map_while(|header| *header);
        let others = self.all.into_iter().flat_map(Headers::iter).skip(READ_ONCE);
        first.chain(others.map(|header| (header.key, header.value)))
    }
}

impl<H: Headers> fmt::Debug for KafkaHeaders<'_, H> {
    /// Leaves out the values, which may contain secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
    }
}

/// Headers that are copied on the first write.
pub(crate) struct WrittenHeaders<'a> {
    given: Option<&'a OwnedHeaders>,
    is_readable: bool,
    written: Option<OwnedHeaders>,
}

impl<'a> WrittenHeaders<'a> {
    pub(crate) fn new(given: Option<&'a OwnedHeaders>) -> Self {
        Self {
            given,
            is_readable: given.is_none_or(is_readable),
            written: None,
        }
    }

    /// `None` if nothing was written, so that the given headers still apply.
    pub(crate) fn into_written(self) -> Option<OwnedHeaders> {
        self.written
    }

    fn current(&self) -> Option<&OwnedHeaders> {
        self.written.as_ref().or(self.given)
    }
}

impl MessageHeaders for WrittenHeaders<'_> {
    /// Empty if the headers cannot be read.
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let readable = self.current().filter(|_| self.is_readable);
        let headers = readable.into_iter().flat_map(Headers::iter);
        headers.map(|header| (header.key, header.value))
    }
}

impl MessageHeadersMut for WrittenHeaders<'_> {
    fn remove(&mut self, name: &str) {
        // Headers that cannot be read are copied whole on the next write; the last header of a name
        // counts.
        let Some(current) = self.current().filter(|_| self.is_readable) else {
            return;
        };
        if current.iter().all(|header| header.key != name) {
            return;
        }
        let kept = current.iter().filter(|header| header.key != name);
        let empty = OwnedHeaders::new_with_capacity(current.count());
        self.written = Some(kept.fold(empty, OwnedHeaders::insert));
    }

    fn append(&mut self, name: &str, value: String) {
        let written = self.written.take();
        let headers = written.or_else(|| self.given.cloned()).unwrap_or_default();
        let header = Header {
            key: name,
            value: Some(&value),
        };
        self.written = Some(headers.insert(header));
    }
}

/// True if rdkafka can read the headers without a panic.
fn is_readable<H: Headers>(headers: &H) -> bool {
    catch_unwind(AssertUnwindSafe(|| {
        for index in 0..headers.count() {
            let _ = headers.try_get(index);
        }
    }))
    .is_ok()
}

#[cfg(test)]
mod tests {
    use opentelemetry::propagation::{Extractor, Injector};

    use super::*;

    const USERS: [Pair<'_>; 4] = [
        ("a", Some(b"1")),
        ("null", None),
        ("bytes", Some(b"\xff\x00")),
        ("a", Some(b"")),
    ];

    #[test]
    fn headers_stay_in_their_order_and_untouched() {
        let given = owned(&USERS);
        let mut written = WrittenHeaders::new(Some(&given));
        let mut injector = MessageInjector(&mut written);
        injector.set("traceparent", "00".to_owned());
        injector.set("traceparent", "01".to_owned());
        let written = written.into_written().unwrap();

        let mut expected = USERS.to_vec();
        expected.push(("traceparent", Some(b"01")));
        assert_eq!(pairs(&written), expected);
        assert_eq!(pairs(&given), USERS);
    }

    #[test]
    fn nothing_is_copied_where_nothing_is_written() {
        let given = owned(&USERS);
        let mut written = WrittenHeaders::new(Some(&given));
        written.remove("traceparent");
        assert!(written.into_written().is_none());
        assert!(WrittenHeaders::new(None).into_written().is_none());
    }

    #[test]
    fn headers_of_the_same_name_are_replaced() {
        // KA-17
        let given = owned(&[("b", None), ("traceparent", Some(b"1")), ("c", Some(b"2"))]);
        let mut written = WrittenHeaders::new(Some(&given));
        MessageInjector(&mut written).set("traceparent", "3".to_owned());
        let expected: [Pair<'_>; 3] = [("b", None), ("c", Some(b"2")), ("traceparent", Some(b"3"))];
        assert_eq!(pairs(&written.into_written().unwrap()), expected);
    }

    #[test]
    fn a_carrier_reads_what_rdkafka_has() {
        let given = owned(&USERS);
        let headers = KafkaHeaders::new(Some(&given));
        let carrier = MessageExtractor(&headers);
        assert_eq!(carrier.get("a"), Some(""));
        assert_eq!(carrier.get_all("a"), Some(vec!["1", ""]));
        assert_eq!(carrier.get("bytes"), None);
        assert_eq!(carrier.keys(), ["a", "null", "bytes"]);
        for count in [0, READ_ONCE - 1, READ_ONCE, READ_ONCE + 1, 3 * READ_ONCE] {
            let many: Vec<_> = USERS.into_iter().cycle().take(count).collect();
            let given = owned(&many);
            let headers = KafkaHeaders::new(Some(&given));
            assert!(headers.headers().eq(many), "{count}");
        }
        let borrowed = KafkaHeaders::new(Some(given.as_borrowed()));
        assert!(borrowed.headers().eq(USERS));
        let none = KafkaHeaders::<OwnedHeaders>::new(None);
        assert_eq!(none.headers().count(), 0);
        assert_eq!(format!("{headers:?}"), r#"{"a", "null", "bytes", "a"}"#);
    }

    #[test]
    fn headers_at_which_rdkafka_panics_are_none() {
        let panicking = Panicking;
        let headers = KafkaHeaders::new(Some(&panicking));
        assert_eq!(headers.headers().count(), 0);
        let context = extract_context(&Context::new(), Some(&panicking));
        assert!(!opentelemetry::trace::TraceContextExt::has_active_span(
            &context
        ));
    }

    /// Behaves as `BorrowedHeaders` with a name that is not UTF-8.
    struct Panicking;

    impl Headers for Panicking {
        fn count(&self) -> usize {
            1
        }

        fn try_get(&self, _: usize) -> Option<Header<'_, &[u8]>> {
            panic!("the name is not UTF-8")
        }
    }

    fn owned(pairs: &[Pair<'_>]) -> OwnedHeaders {
        let headers = pairs.iter().map(|&(key, value)| Header { key, value });
        headers.fold(OwnedHeaders::new(), OwnedHeaders::insert)
    }

    fn pairs(headers: &OwnedHeaders) -> Vec<Pair<'_>> {
        headers
            .iter()
            .map(|header| (header.key, header.value))
            .collect()
    }
}
