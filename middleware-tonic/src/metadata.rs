//! gRPC metadata as a carrier of context.
//!
//! Its text entries are HTTP headers, with fewer characters allowed. It also has binary entries,
//! whose names end in `-bin`.

use std::fmt;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector};
use otel_propagation::{HeaderExtractor, HeaderInjector};
use tonic::metadata::{KeyRef, MetadataMap};

/// Reads context from the text entries of a call's metadata. Binary entries are ignored.
///
/// ```
/// use opentelemetry::propagation::Extractor;
/// use otel_middleware_tonic::MetadataExtractor;
/// use tonic::metadata::MetadataMap;
///
/// let mut metadata = MetadataMap::new();
/// metadata.append("baggage", "tenant=acme".parse()?);
/// metadata.append("baggage", "plan=gold".parse()?);
///
/// let carrier = MetadataExtractor::new(&metadata);
/// assert_eq!(carrier.get("baggage"), Some("tenant=acme"));
/// assert_eq!(carrier.get_all("baggage"), Some(vec!["tenant=acme", "plan=gold"]));
/// # Ok::<(), tonic::metadata::errors::InvalidMetadataValue>(())
/// ```
#[derive(Clone, Copy)]
pub struct MetadataExtractor<'a> {
    metadata: &'a MetadataMap,
    headers: HeaderExtractor<&'a HeaderMap>,
}

impl<'a> MetadataExtractor<'a> {
    /// Reads from the given metadata.
    #[must_use]
    pub fn new(metadata: &'a MetadataMap) -> Self {
        Self {
            metadata,
            headers: HeaderExtractor(metadata.as_ref()),
        }
    }
}

impl Extractor for MetadataExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.headers.get(key).filter(|_| is_text(key))
    }

    fn keys(&self) -> Vec<&str> {
        let text = |key| match key {
            KeyRef::Ascii(key) => Some(key.as_str()),
            KeyRef::Binary(_) => None,
        };
        self.metadata.keys().filter_map(text).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        self.headers.get_all(key).filter(|_| is_text(key))
    }
}

impl fmt::Debug for MetadataExtractor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("MetadataExtractor")
            .field(&self.headers)
            .finish()
    }
}

/// Writes context to the text entries of a call's metadata.
///
/// [`set`](Injector::set) replaces all entries of that name. A name or value that is not legal in
/// gRPC is skipped; nothing panics.
///
/// ```
/// use opentelemetry::propagation::Injector;
/// use otel_middleware_tonic::MetadataInjector;
/// use tonic::metadata::MetadataMap;
///
/// let mut metadata = MetadataMap::new();
/// MetadataInjector::new(&mut metadata).set("baggage", "tenant=acme".to_owned());
/// MetadataInjector::new(&mut metadata).set("trace-bin", "text".to_owned());
/// assert_eq!(metadata.len(), 1);
/// ```
pub struct MetadataInjector<'a> {
    headers: HeaderInjector<'a>,
}

impl<'a> MetadataInjector<'a> {
    /// Writes to the given metadata.
    #[must_use]
    pub fn new(metadata: &'a mut MetadataMap) -> Self {
        Self {
            headers: HeaderInjector(metadata.as_mut()),
        }
    }
}

impl Injector for MetadataInjector<'_> {
    fn set(&mut self, key: &str, value: String) {
        let is_printable = value.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if is_text(key) && is_printable {
            self.headers.set(key, value);
        }
    }

    fn reserve(&mut self, additional: usize) {
        self.headers.reserve(additional);
    }
}

impl fmt::Debug for MetadataInjector<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("MetadataInjector")
            .field(&self.headers)
            .finish()
    }
}

/// Names are compared without regard to case, as the header map does.
fn is_text(key: &str) -> bool {
    let key = key.as_bytes();
    let suffix = key.len().checked_sub(4).and_then(|start| key.get(start..));
    !suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"-bin"))
}

#[cfg(test)]
mod tests {
    use tonic::metadata::MetadataValue;

    use super::*;

    #[test]
    fn binary_entries_are_no_text() {
        // GR-25
        let mut metadata = MetadataMap::new();
        metadata.insert_bin("trace-bin", MetadataValue::from_bytes(b"\x00\xff"));
        metadata.append("tracestate", "a=1".parse().unwrap());
        metadata.append("tracestate", "b=2".parse().unwrap());
        let carrier = MetadataExtractor::new(&metadata);

        assert_eq!(carrier.keys(), ["tracestate"]);
        assert_eq!(carrier.get("tracestate"), Some("a=1"));
        assert_eq!(carrier.get_all("tracestate"), Some(vec!["a=1", "b=2"]));
        for key in ["trace-bin", "Trace-BIN"] {
            assert_eq!(carrier.get(key), None, "{key}");
            assert_eq!(carrier.get_all(key), None, "{key}");
        }
    }

    #[test]
    fn set_replaces_and_skips_what_is_not_legal() {
        let mut metadata = MetadataMap::new();
        metadata.append("baggage", "a=1".parse().unwrap());
        metadata.append("baggage", "b=2".parse().unwrap());
        let mut carrier = MetadataInjector::new(&mut metadata);

        carrier.set("baggage", "c=3".to_owned());
        carrier.set("x-bin", "text".to_owned());
        carrier.set("not a name", "value".to_owned());
        carrier.set("", "value".to_owned());
        carrier.set("x-break", "line\r\nbreak".to_owned());
        carrier.set("x-accent", "caf\u{e9}".to_owned());

        let carrier = MetadataExtractor::new(&metadata);
        assert_eq!(carrier.get_all("baggage"), Some(vec!["c=3"]));
        assert_eq!(carrier.keys(), ["baggage"]);
    }
}
