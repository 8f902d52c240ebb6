//! The traits that a client library's header type needs for the carriers for messages.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
};

/// Headers that a [`MessageExtractor`](crate::MessageExtractor) can read: pairs of a name and bytes.
///
/// Implemented for `Vec<(String, V)>`, `HashMap<String, V>` and `BTreeMap<String, V>`, where `V` is
/// `String`, `Vec<u8>` or any other type of bytes. Wrap the headers of a client library in a type
/// of your own.
///
/// # Kafka, with `rdkafka`
///
/// ```
/// # mod rdkafka {
/// #     pub mod message {
/// #         pub struct Header<'a, V> { pub key: &'a str, pub value: Option<V> }
/// #         #[derive(Default)]
/// #         pub struct OwnedHeaders(Vec<(String, Option<Vec<u8>>)>);
/// #         impl OwnedHeaders {
/// #             pub fn insert<V: AsRef<[u8]> + ?Sized>(mut self, header: Header<'_, &V>) -> Self {
/// #                 let value = header.value.map(|value| value.as_ref().to_vec());
/// #                 self.0.push((header.key.to_owned(), value));
/// #                 self
/// #             }
/// #         }
/// #         pub trait Headers {
/// #             fn iter(&self) -> impl Iterator<Item = Header<'_, &[u8]>>;
/// #         }
/// #         impl Headers for OwnedHeaders {
/// #             fn iter(&self) -> impl Iterator<Item = Header<'_, &[u8]>> {
/// #                 self.0.iter().map(|(key, value)| Header { key, value: value.as_deref() })
/// #             }
/// #         }
/// #     }
/// # }
/// use otel_propagation::{MessageExtractor, MessageHeaders, MessageHeadersMut, MessageInjector};
/// use rdkafka::message::{Header, Headers, OwnedHeaders};
///
/// /// `BorrowedHeaders` of a message that was received, `OwnedHeaders` of one to send.
/// struct Kafka<H>(H);
///
/// impl<H: Headers> MessageHeaders for Kafka<&H> {
///     fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
///         self.0.iter().map(|header| (header.key, header.value))
///     }
/// }
///
/// impl MessageHeadersMut for Kafka<OwnedHeaders> {
///     fn remove(&mut self, name: &str) {
///         let kept = self.0.iter().filter(|header| header.key != name);
///         self.0 = kept.fold(OwnedHeaders::default(), |kept, header| kept.insert(header));
///     }
///     fn append(&mut self, name: &str, value: String) {
///         let header = Header { key: name, value: Some(&value) };
///         self.0 = std::mem::take(&mut self.0).insert(header);
///     }
/// }
///
/// # use opentelemetry::{Context, trace::TraceContextExt};
/// # let mut to_send = Kafka(OwnedHeaders::default().insert(Header { key: "traceparent", value: Some(
/// #     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
/// # ) }));
/// # let received = &to_send.0;
/// let context = otel_propagation::extract(&Context::new(), &MessageExtractor(&Kafka(received)));
/// otel_propagation::inject(&context, &mut MessageInjector(&mut to_send));
/// # assert!(context.has_active_span());
/// # assert_eq!(to_send.0.iter().count(), 1);
/// ```
///
/// # AMQP, with `lapin`
///
/// ```
/// # mod lapin {
/// #     pub mod types {
/// #         pub type ShortString = String;
/// #         #[derive(Clone)]
/// #         pub struct LongString(Vec<u8>);
/// #         impl LongString { pub fn as_bytes(&self) -> &[u8] { &self.0 } }
/// #         impl From<String> for LongString {
/// #             fn from(text: String) -> Self { Self(text.into_bytes()) }
/// #         }
/// #         #[derive(Clone)]
/// #         pub enum AMQPValue { LongString(LongString), Void }
/// #         #[derive(Default)]
/// #         pub struct FieldTable(std::collections::BTreeMap<ShortString, AMQPValue>);
/// #         impl FieldTable {
/// #             pub fn insert(&mut self, name: ShortString, value: AMQPValue) {
/// #                 self.0.insert(name, value);
/// #             }
/// #             pub fn inner(&self) -> &std::collections::BTreeMap<ShortString, AMQPValue> {
/// #                 &self.0
/// #             }
/// #         }
/// #         impl From<std::collections::BTreeMap<ShortString, AMQPValue>> for FieldTable {
/// #             fn from(fields: std::collections::BTreeMap<ShortString, AMQPValue>) -> Self {
/// #                 Self(fields)
/// #             }
/// #         }
/// #     }
/// # }
/// use std::collections::BTreeMap;
///
/// use lapin::types::{AMQPValue, FieldTable};
/// use otel_propagation::{MessageHeaders, MessageHeadersMut};
///
/// struct Amqp(FieldTable);
///
/// impl MessageHeaders for Amqp {
///     fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
///         self.0.inner().iter().map(|(name, value)| match value {
///             AMQPValue::LongString(text) => (name.as_str(), Some(text.as_bytes())),
///             _ => (name.as_str(), None),
///         })
///     }
/// }
///
/// impl MessageHeadersMut for Amqp {
///     fn remove(&mut self, name: &str) {
///         let fields = self.0.inner().iter().filter(|(field, _)| field.as_str() != name);
///         let kept: BTreeMap<_, _> = fields.map(|(f, value)| (f.clone(), value.clone())).collect();
///         self.0 = kept.into();
///     }
///     fn append(&mut self, name: &str, value: String) {
///         self.0.insert(name.into(), AMQPValue::LongString(value.into()));
///     }
/// }
/// # use opentelemetry::propagation::Injector;
/// # let mut headers = Amqp(FieldTable::default());
/// # headers.append("tracestate", "a=1".to_owned());
/// # otel_propagation::MessageInjector(&mut headers).set("traceparent", String::from("00"));
/// # assert_eq!(headers.headers().map(|(name, _)| name).collect::<Vec<_>>(), ["traceparent"]);
/// # headers.remove("traceparent");
/// # headers.append("a", "1".to_owned());
/// # headers.append("a", "2".to_owned());
/// # headers.0.insert("b".into(), AMQPValue::Void);
/// # assert!(headers.headers().eq([("a", Some(&b"2"[..])), ("b", None)]));
/// ```
///
/// # NATS, with `async-nats`
///
/// ```
/// # mod async_nats {
/// #     pub type HeaderName = String;
/// #     pub type HeaderValue = String;
/// #     #[derive(Default)]
/// #     pub struct HeaderMap(std::collections::BTreeMap<HeaderName, Vec<HeaderValue>>);
/// #     impl HeaderMap {
/// #         pub fn insert(&mut self, name: &str, value: String) {
/// #             self.0.insert(name.to_owned(), vec![value]);
/// #         }
/// #         pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
/// #             self.0.entry(name).or_default().push(value);
/// #         }
/// #         pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &Vec<HeaderValue>)> {
/// #             self.0.iter()
/// #         }
/// #     }
/// # }
/// use async_nats::HeaderMap;
/// use otel_propagation::{MessageHeaders, MessageHeadersMut};
///
/// struct Nats(HeaderMap);
///
/// impl MessageHeaders for Nats {
///     fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
///         self.0.iter().flat_map(|(name, values)| {
///             let name: &str = name.as_ref();
///             values.iter().map(move |value| (name, Some(value.as_str().as_bytes())))
///         })
///     }
/// }
///
/// impl MessageHeadersMut for Nats {
///     fn remove(&mut self, name: &str) {
///         for (other, values) in std::mem::take(&mut self.0).iter() {
///             if AsRef::<str>::as_ref(other) != name {
///                 values.iter().for_each(|value| self.0.append(other.clone(), value.clone()));
///             }
///         }
///     }
///     fn append(&mut self, name: &str, value: String) {
///         self.0.insert(name, value);
///     }
/// }
/// # use opentelemetry::propagation::Injector;
/// # let mut headers = Nats(HeaderMap::default());
/// # headers.append("tracestate", "a=1".to_owned());
/// # otel_propagation::MessageInjector(&mut headers).set("traceparent", String::from("00"));
/// # assert_eq!(headers.headers().map(|(name, _)| name).collect::<Vec<_>>(), ["traceparent"]);
/// # headers.remove("traceparent");
/// # headers.append("a", "1".to_owned());
/// # headers.append("a", "2".to_owned());
/// # assert!(headers.headers().eq([("a", Some(&b"2"[..]))]));
/// ```
pub trait MessageHeaders {
    /// All headers in their order. `None` is a value that is null, or neither text nor bytes.
    ///
    /// If there are several `traceparent` headers, the order decides which `tracestate` belongs to
    /// the last one.
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)>;
}

/// Headers that a [`MessageInjector`](crate::MessageInjector) can write.
///
/// See [`MessageHeaders`] for examples with some client libraries.
pub trait MessageHeadersMut {
    /// Removes every header of exactly this name.
    ///
    /// It is called before each [`append`](Self::append), so that each name has one header. It is
    /// also called alone: a `traceparent` removes an old `tracestate`, even if no new one follows.
    fn remove(&mut self, name: &str);

    /// Adds one header.
    fn append(&mut self, name: &str, value: String);
}

impl<V: AsRef<[u8]>> MessageHeaders for Vec<(String, V)> {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.iter().map(pair)
    }
}

impl<V: From<String>> MessageHeadersMut for Vec<(String, V)> {
    fn remove(&mut self, name: &str) {
        self.retain(|(key, _)| key != name);
    }

    fn append(&mut self, name: &str, value: String) {
        self.push((name.to_owned(), value.into()));
    }
}

impl<V: AsRef<[u8]>> MessageHeaders for BTreeMap<String, V> {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.iter()
            .map(|(name, value)| (name.as_str(), Some(value.as_ref())))
    }
}

impl<V: From<String>> MessageHeadersMut for BTreeMap<String, V> {
    fn remove(&mut self, name: &str) {
        self.remove(name);
    }

    fn append(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value.into());
    }
}

impl<V: AsRef<[u8]>, S: BuildHasher> MessageHeaders for HashMap<String, V, S> {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.iter()
            .map(|(name, value)| (name.as_str(), Some(value.as_ref())))
    }
}

impl<V: From<String>, S: BuildHasher> MessageHeadersMut for HashMap<String, V, S> {
    fn remove(&mut self, name: &str) {
        self.remove(name);
    }

    fn append(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value.into());
    }
}

fn pair<V: AsRef<[u8]>>((name, value): &(String, V)) -> (&str, Option<&[u8]>) {
    (name, Some(value.as_ref()))
}
