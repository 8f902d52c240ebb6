//! The headers that are read from every incoming request, found in one walk.
//!
//! A look-up in a [`HeaderMap`] hashes the name, which costs two hundred instructions for each
//! header. Walking past a header costs some forty, and most requests have few.

use std::fmt;

use http::{HeaderMap, HeaderValue};
use opentelemetry::propagation::Extractor;
use otel_propagation::{HeaderExtractor, HeaderLines};

/// Reads context from the headers of an incoming request, as [`HeaderExtractor`] does.
///
/// On creation it walks over the headers once and remembers the W3C headers, `host` and
/// `user-agent`; it looks up others on demand. Create one for each request. Use a
/// [`HeaderExtractor`] to read a single header.
///
/// `Debug` shows the names of the headers and none of their values.
///
/// ```
/// use opentelemetry::propagation::Extractor;
/// use otel_instrumentation::tower::RequestHeaders;
///
/// let mut headers = http::HeaderMap::new();
/// headers.append("baggage", "tenant=acme".parse()?);
///
/// let carrier = RequestHeaders::new(&headers);
/// assert_eq!(carrier.get("baggage"), Some("tenant=acme"));
/// assert_eq!(carrier.get("traceparent"), None);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy)]
pub struct RequestHeaders<'a>(HeaderExtractor<Walked<'a>>);

impl<'a> RequestHeaders<'a> {
    /// Finds the headers that are read from every request.
    #[must_use]
    pub fn new(headers: &'a HeaderMap) -> Self {
        let mut found = [Found::Nothing; 5];
        for (name, value) in headers {
            if let Some(found) = place(name.as_str()).and_then(|place| found.get_mut(place)) {
                *found = match found {
                    Found::Nothing => Found::Line(value),
                    Found::Line(_) | Found::Several => Found::Several,
                };
            }
        }
        Self(HeaderExtractor(Walked { headers, found }))
    }
}

impl Extractor for RequestHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        self.0.get_all(key)
    }
}

impl fmt::Debug for RequestHeaders<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("RequestHeaders")
            .field(&self.keys())
            .finish()
    }
}

/// All headers, and those that the walk found.
#[derive(Clone, Copy)]
struct Walked<'a> {
    headers: &'a HeaderMap,
    found: [Found<'a>; 5],
}

#[derive(Clone, Copy)]
enum Found<'a> {
    Nothing,
    Line(&'a HeaderValue),
    Several,
}

impl HeaderLines for Walked<'_> {
    #[inline]
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        match place(name).and_then(|place| self.found.get(place)) {
            Some(Found::Nothing) => Lines::One(None),
            Some(Found::Line(line)) => Lines::One(Some(line.as_bytes())),
            Some(Found::Several) | None => Lines::All(self.headers.lines(name)),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.names()
    }

    #[inline]
    fn first_line(&self, name: &str) -> Option<&[u8]> {
        match place(name).and_then(|place| self.found.get(place)) {
            Some(Found::Nothing) => None,
            Some(Found::Line(line)) => Some(line.as_bytes()),
            Some(Found::Several) | None => self.headers.first_line(name),
        }
    }
}

/// An enum rather than a chain of both, which would cost more than the walk saves.
enum Lines<'a, I> {
    One(Option<&'a [u8]>),
    All(I),
}

impl<'a, I: Iterator<Item = &'a [u8]>> Iterator for Lines<'a, I> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Self::One(line) => line.take(),
            Self::All(lines) => lines.next(),
        }
    }
}

#[inline]
fn place(name: &str) -> Option<usize> {
    Some(match name {
        "traceparent" => 0,
        "tracestate" => 1,
        "baggage" => 2,
        "host" => 3,
        "user-agent" => 4,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_read_as_by_name() {
        let maps: [&[(&str, &[u8])]; 5] = [
            &[],
            &[("traceparent", b"00-1"), ("host", b"a"), ("accept", b"*/*")],
            &[("TraceState", b"a=1"), ("tracestate", b"b=2")],
            &[
                ("baggage", b"a=\xe9"),
                ("user-agent", b"\xff"),
                ("b3", b"0"),
            ],
            &[("traceparent", b""), ("traceparent", b"\xff"), ("x", b"y")],
        ];
        let keys = [
            "traceparent",
            "tracestate",
            "baggage",
            "host",
            "user-agent",
            "b3",
            "x",
            "Baggage",
            "nothing",
        ];
        for lines in maps {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                let value = HeaderValue::from_bytes(value).unwrap();
                headers.append(http::HeaderName::try_from(*name).unwrap(), value);
            }
            let (walked, by_name) = (RequestHeaders::new(&headers), HeaderExtractor(&headers));
            assert_eq!(walked.keys(), by_name.keys());
            for key in keys {
                let only = format!(":{key}");
                assert_eq!(walked.get(key), by_name.get(key), "{key} of {lines:?}");
                assert_eq!(walked.get(&only), by_name.get(&only), "{key} of {lines:?}");
                assert_eq!(
                    walked.get_all(key),
                    by_name.get_all(key),
                    "{key} of {lines:?}"
                );
            }
        }
    }
}
