//! Carriers for the headers of messages: Kafka, AMQP, NATS and any other system that sends pairs.

mod headers;

use std::{collections::HashSet, fmt, str};

use opentelemetry::propagation::{Extractor, Injector};

pub use self::headers::{MessageHeaders, MessageHeadersMut};
use super::lines::{OnlyLine, TRACEPARENT, TRACESTATE, is_removed};

/// Reads context from the headers of a message.
///
/// Names are compared byte by byte: brokers do not fold case as HTTP does. Values that are null or
/// not UTF-8 are skipped. If a name occurs several times, [`get`](Extractor::get) returns the last
/// value, and [`get_all`](Extractor::get_all) all of them in order.
///
/// Over HTTP a second `traceparent` is an error. Messages are forwarded from topic to topic by
/// programs that add headers and remove none, so the last one is the parent here. The `tracestate`
/// that belongs to it follows it: if there are several parents, `get` and the propagators of this
/// crate ignore every `tracestate` before the last of them.
///
/// `Debug` shows the names of the headers and none of their values.
///
/// ```
/// use opentelemetry::propagation::Extractor;
/// use otel_propagation::MessageExtractor;
///
/// let headers = [("traceparent", "old"), ("tracestate", "a=1"), ("traceparent", "new")];
/// let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
/// let carrier = MessageExtractor(&headers);
/// assert_eq!(carrier.get("traceparent"), Some("new"));
/// assert_eq!(carrier.get("tracestate"), None);
/// assert_eq!(carrier.get_all("traceparent"), Some(vec!["old", "new"]));
/// ```
pub struct MessageExtractor<'a, H>(pub &'a H);

impl<H> Clone for MessageExtractor<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for MessageExtractor<'_, H> {}

impl<H: MessageHeaders> Extractor for MessageExtractor<'_, H> {
    fn get(&self, key: &str) -> Option<&str> {
        // A broker accepts the name that asks for the only line like any other.
        match OnlyLine::asked_for(key) {
            Some(key) => self.only_value(key).answer(),
            None => self.values_that_count(key).last(),
        }
    }

    fn keys(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let names = self.0.headers().map(|(name, _)| name);
        names.filter(|name| seen.insert(*name)).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let (key, start) = match OnlyLine::asked_for(key) {
            Some(key) => (key, self.start(key)),
            None => (key, 0),
        };
        let mut values = self.values(key, start).peekable();
        values.peek()?;
        Some(values.collect())
    }
}

impl<H: MessageHeaders> MessageExtractor<'_, H> {
    fn only_value(&self, key: &str) -> OnlyLine<'_> {
        let mut values = self.values_that_count(key);
        let Some(first) = values.next() else {
            return OnlyLine::Absent;
        };
        match values.last() {
            None => OnlyLine::Line(first),
            Some(last) if key == TRACEPARENT.name => OnlyLine::Line(last),
            Some(_) => OnlyLine::SomeOfSeveral,
        }
    }

    fn values_that_count(&self, key: &str) -> impl Iterator<Item = &str> {
        self.values(key, self.start(key))
    }

    /// The position from which the values of a header count. A `tracestate` belongs to the parent
    /// before it; with one parent it may be anywhere, because maps have no order.
    fn start(&self, key: &str) -> usize {
        if key != TRACESTATE.name {
            return 0;
        }
        let parents = self.0.headers().zip(1..).filter_map(|(header, behind)| {
            value_of(TRACEPARENT.name, header)?;
            Some(behind)
        });
        parents.skip(1).last().unwrap_or(0)
    }

    fn values(&self, key: &str, start: usize) -> impl Iterator<Item = &str> {
        let headers = self.0.headers().skip(start);
        headers.filter_map(move |header| value_of(key, header))
    }
}

fn value_of<'a>(key: &str, (name, value): (&str, Option<&'a [u8]>)) -> Option<&'a str> {
    str::from_utf8(value.filter(|_| name == key)?).ok()
}

impl<H: MessageHeaders> fmt::Debug for MessageExtractor<'_, H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("MessageExtractor")
            .field(&self.keys())
            .finish()
    }
}

/// Writes context to the headers of a message.
///
/// [`set`](Injector::set) removes all headers of the name and adds one, so a message that is
/// forwarded with its headers does not collect one parent for every hop. An empty `traceparent`,
/// `tracestate` or `baggage` is not added. A `traceparent` also removes an old `tracestate`, so set
/// the `tracestate` after it.
///
/// ```
/// use opentelemetry::propagation::Injector;
/// use otel_propagation::MessageInjector;
///
/// let mut headers = vec![("baggage".to_owned(), b"a=1".to_vec())];
/// MessageInjector(&mut headers).set("baggage", "b=2".to_owned());
/// assert_eq!(headers, [("baggage".to_owned(), b"b=2".to_vec())]);
/// ```
pub struct MessageInjector<'a, H>(pub &'a mut H);

impl<H: MessageHeadersMut> Injector for MessageInjector<'_, H> {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT.name {
            self.0.remove(TRACESTATE.name);
        }
        self.0.remove(key);
        if !is_removed(key, &value) {
            self.0.append(key, value);
        }
    }
}

impl<H> fmt::Debug for MessageInjector<'_, H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageInjector")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;

    #[test]
    fn get_is_the_last_value_that_can_be_read() {
        let headers = Headers(&[
            ("a", Some(b"first")),
            ("a", Some(b"last")),
            ("a", None),
            ("a", Some(b"\xff")),
            ("A", Some(b"other case")),
            ("null", None),
            ("bytes", Some(b"\xff")),
            ("empty", Some(b"")),
        ]);
        let carrier = MessageExtractor(&headers);
        let cases: [(&str, &[&str]); 6] = [
            ("a", &["first", "last"]),
            ("A", &["other case"]),
            ("null", &[]),
            ("bytes", &[]),
            ("empty", &[""]),
            ("absent", &[]),
        ];
        for (key, values) in cases {
            assert_eq!(carrier.get(key), values.last().copied(), "{key:?}");
            assert_eq!(carrier.get_all(key).unwrap_or_default(), values, "{key:?}");
        }
        assert_eq!(carrier.get_all("absent"), None);
        assert_eq!(carrier.keys(), ["a", "A", "null", "bytes", "empty"]);
    }

    #[test]
    fn only_line_is_told_from_several_and_from_none() {
        let headers = Headers(&[
            (":traceparent", Some(b"other")),
            ("traceparent", Some(b"first")),
            ("traceparent", Some(b"last")),
            ("tracestate", Some(b"a=1")),
            ("tracestate", None),
            ("baggage", Some(b"c=3")),
            ("baggage", Some(b"d=4")),
        ]);
        let carrier = MessageExtractor(&headers);

        assert_eq!(carrier.get(":traceparent"), Some("last"));
        assert_eq!(carrier.get(":tracestate"), Some("a=1"));
        assert_eq!(carrier.get(":baggage"), Some("\n"));
        assert_eq!(carrier.get_all(":baggage"), Some(vec!["c=3", "d=4"]));
        assert_eq!(carrier.get(":b3"), Some(""));
    }

    #[test]
    fn set_removes_and_adds() {
        let text = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let before = [("a", "1"), ("b", "2"), ("A", "3"), ("a", "4")];
        let after = [("b", "2"), ("A", "3"), ("a", "new")];

        let mut pairs = text(&before);
        MessageInjector(&mut pairs).set("a", "new".to_owned());
        assert_eq!(pairs, text(&after));

        let mut map: BTreeMap<_, _> = text(&before).into_iter().collect();
        MessageInjector(&mut map).set("a", "new".to_owned());
        assert_eq!(map, text(&after).into_iter().collect());

        let mut map: HashMap<_, _> = text(&before).into_iter().collect();
        MessageInjector(&mut map).set("a", "new".to_owned());
        assert_eq!(map, text(&after).into_iter().collect());
    }

    #[test]
    fn empty_header_that_says_nothing_is_removed() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![header("baggage", "a=1"), header("uberctx-a", "1")];
        let mut carrier = MessageInjector(&mut headers);
        carrier.set("baggage", String::new());
        carrier.set("uberctx-a", String::new());
        assert_eq!(headers, [header("uberctx-a", "")]);
    }

    #[test]
    fn removing_from_a_map_leaves_nothing() {
        let mut tree = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        MessageHeadersMut::remove(&mut tree, "a");
        assert!(tree.is_empty());

        let mut hash = HashMap::from([("a".to_owned(), "1".to_owned())]);
        MessageHeadersMut::remove(&mut hash, "a");
        assert!(hash.is_empty());
    }

    #[test]
    fn collections_are_read_alike() {
        let pair = ("a".to_owned(), b"1".to_vec());
        let expected = ["a"];

        let list = vec![pair.clone()];
        assert_eq!(MessageExtractor(&list).get("a"), Some("1"));
        assert_eq!(MessageExtractor(&list).keys(), expected);
        let tree = BTreeMap::from([pair.clone()]);
        assert_eq!(MessageExtractor(&tree).get("a"), Some("1"));
        assert_eq!(MessageExtractor(&tree).keys(), expected);
        let hash = HashMap::from([pair]);
        assert_eq!(MessageExtractor(&hash).get("a"), Some("1"));
        assert_eq!(MessageExtractor(&hash).keys(), expected);
    }

    #[test]
    fn debug_shows_names_without_values() {
        let mut headers = vec![("cookie".to_owned(), "secret".to_owned())];

        assert_eq!(
            format!("{:?}", MessageExtractor(&headers)),
            r#"MessageExtractor(["cookie"])"#
        );
        assert_eq!(
            format!("{:?}", MessageInjector(&mut headers)),
            "MessageInjector { .. }"
        );
    }

    /// Headers as in Kafka: names may repeat, and values may be null or any bytes.
    struct Headers(&'static [(&'static str, Option<&'static [u8]>)]);

    impl MessageHeaders for Headers {
        fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
            self.0.iter().copied()
        }
    }
}
