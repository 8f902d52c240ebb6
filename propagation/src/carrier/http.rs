//! The header map of `http` 1: reading its lines, and the carrier that writes to it.
//!
//! `opentelemetry-http` has an injector of the same name. It is replaced rather than wrapped: its
//! `set` copies the value, allocates the header's name anew every time, and panics on a full map, as
//! its `reserve` does.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::Injector;

use super::header::HeaderLines;
use super::lines::is_removed;

impl HeaderLines for HeaderMap {
    #[inline]
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let lines = match known_name(name) {
            Some(name) => self.get_all(name),
            None => self.get_all(name),
        };
        lines.into_iter().map(HeaderValue::as_bytes)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(HeaderName::as_str)
    }

    fn first_line(&self, name: &str) -> Option<&[u8]> {
        // Scanning a few headers is cheaper than hashing a name.
        let line = if self.len() <= FEW {
            let mut lines = self.iter();
            lines.find_map(|(known, line)| {
                let is_it = known.as_str().eq_ignore_ascii_case(name);
                is_it.then_some(line)
            })
        } else {
            match known_name(name) {
                Some(name) => self.get(name),
                None => self.get(name),
            }
        };
        line.map(HeaderValue::as_bytes)
    }
}

/// Writes context to the headers of a request.
///
/// [`set`](Injector::set) replaces all lines of the header. An empty `traceparent`, `tracestate` or
/// `baggage` removes the header. A name or value that is not legal in HTTP is skipped, and so is
/// everything once the map is full; nothing panics.
///
/// A `traceparent` that replaces another also removes the `tracestate`, which belongs to the old
/// one, as in a copied request. So set the `tracestate` after the `traceparent`.
///
/// `Debug` shows the names of the headers and none of their values.
///
/// ```
/// use opentelemetry::propagation::Injector;
/// use otel_propagation::HeaderInjector;
///
/// let mut headers = http::HeaderMap::new();
/// HeaderInjector(&mut headers).set("baggage", "tenant=acme".to_owned());
/// HeaderInjector(&mut headers).set("baggage", "line\nbreak".to_owned());
/// assert_eq!(headers["baggage"], "tenant=acme");
/// ```
pub struct HeaderInjector<'a>(pub &'a mut HeaderMap);

impl Injector for HeaderInjector<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = match known_name(key) {
            Some(name) => Ok(name.clone()),
            None => HeaderName::from_bytes(key.as_bytes()),
        };
        let is_removed = is_removed(key, &value);
        let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) else {
            return;
        };
        let is_parent = name == TRACEPARENT;
        let replaced = if is_removed {
            self.0.remove(name)
        } else {
            // This fails only if the map is full. A request without context is better than none.
            self.0.try_insert(name, value).ok().flatten()
        };
        if is_parent && replaced.is_some() {
            self.0.remove(&TRACESTATE);
        }
    }

    fn reserve(&mut self, additional: usize) {
        // Only a hint: `set` copes with a map that cannot grow.
        let _ = self.0.try_reserve(additional);
    }
}

impl fmt::Debug for HeaderInjector<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.names().collect();
        formatter
            .debug_tuple("HeaderInjector")
            .field(&names)
            .finish()
    }
}

/// The number of headers in the head and the trailers of a gRPC response.
const FEW: usize = 3;

/// The names that the propagators of this crate read and write, except Jaeger's baggage. Parsing a
/// name costs as much as the look-up itself, and storing it costs an allocation.
fn known_name(key: &str) -> Option<&'static HeaderName> {
    match key {
        "traceparent" => Some(&TRACEPARENT),
        "tracestate" => Some(&TRACESTATE),
        "baggage" => Some(&BAGGAGE),
        "b3" => Some(&B3),
        "x-b3-traceid" => Some(&B3_TRACE_ID),
        "x-b3-spanid" => Some(&B3_SPAN_ID),
        "x-b3-sampled" => Some(&B3_SAMPLED),
        "x-b3-flags" => Some(&B3_FLAGS),
        "uber-trace-id" => Some(&JAEGER),
        "x-amzn-trace-id" => Some(&XRAY),
        _ => None,
    }
}

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
static BAGGAGE: HeaderName = HeaderName::from_static("baggage");
static B3: HeaderName = HeaderName::from_static("b3");
static B3_TRACE_ID: HeaderName = HeaderName::from_static("x-b3-traceid");
static B3_SPAN_ID: HeaderName = HeaderName::from_static("x-b3-spanid");
static B3_SAMPLED: HeaderName = HeaderName::from_static("x-b3-sampled");
static B3_FLAGS: HeaderName = HeaderName::from_static("x-b3-flags");
static JAEGER: HeaderName = HeaderName::from_static("uber-trace-id");
static XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_parent_takes_the_old_list_away() {
        let mut headers = HeaderMap::new();
        headers.append(&TRACEPARENT, HeaderValue::from_static("old"));
        headers.append(&TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(&TRACESTATE, HeaderValue::from_static("b=2"));

        HeaderInjector(&mut headers).set("traceparent", "new".to_owned());
        assert_eq!(headers.get(&TRACEPARENT).unwrap(), "new");
        assert!(!headers.contains_key(&TRACESTATE));

        HeaderInjector(&mut headers).set("tracestate", "c=3".to_owned());
        assert_eq!(headers.get(&TRACESTATE).unwrap(), "c=3");
    }

    #[test]
    fn first_parent_leaves_the_list_that_came_before_it() {
        let mut headers = HeaderMap::new();
        let mut carrier = HeaderInjector(&mut headers);

        carrier.set("tracestate", "c=3".to_owned());
        carrier.set("traceparent", "new".to_owned());
        assert_eq!(headers.get(&TRACESTATE).unwrap(), "c=3");
    }

    /// Both in a map of a few headers and in a larger one.
    #[test]
    fn names_are_compared_without_regard_to_case() {
        let mut headers = HeaderMap::new();
        headers.append(&BAGGAGE, HeaderValue::from_static("first"));
        headers.append(&BAGGAGE, HeaderValue::from_static("second"));
        for number in 0..=FEW {
            for name in ["baggage", "Baggage", "BAGGAGE"] {
                let lines: Vec<_> = headers.lines(name).collect();
                assert_eq!(lines, [&b"first"[..], b"second"], "{name} of {number}");
                assert_eq!(headers.first_line(name), Some(&b"first"[..]));
            }
            for name in ["traceparent", "absent", "not a name", ""] {
                assert_eq!(headers.lines(name).next(), None, "{name} of {number}");
                assert_eq!(headers.first_line(name), None, "{name} of {number}");
            }
            assert_eq!(headers.names().count(), 1 + number);
            let another = HeaderName::try_from(format!("x-{number}")).unwrap();
            headers.append(another, HeaderValue::from_static("other"));
        }
    }

    #[test]
    fn set_replaces_all_lines() {
        let mut headers = HeaderMap::new();
        headers.append(&BAGGAGE, HeaderValue::from_static("a=1"));
        headers.append(&BAGGAGE, HeaderValue::from_static("b=2"));

        HeaderInjector(&mut headers).set("Baggage", "c=3".to_owned());

        let lines: Vec<_> = headers.get_all(&BAGGAGE).iter().collect();
        assert_eq!(lines, ["c=3"]);
    }

    #[test]
    fn empty_header_that_says_nothing_is_removed() {
        let mut headers = HeaderMap::new();
        for name in [&TRACEPARENT, &TRACESTATE, &BAGGAGE, &BAGGAGE] {
            headers.append(name, HeaderValue::from_static("a=1"));
        }
        let mut carrier = HeaderInjector(&mut headers);

        carrier.set("Baggage", String::new());
        carrier.set("not a name", String::new());
        carrier.set("uberctx-a", String::new());
        assert_eq!(carrier.0.len(), 3);
        carrier.set("traceparent", String::new());
        assert!(headers.keys().eq(["uberctx-a"]));
    }

    #[test]
    fn set_skips_what_is_not_legal() {
        let mut headers = HeaderMap::new();
        let mut carrier = HeaderInjector(&mut headers);

        carrier.set("not a name", "value".to_owned());
        carrier.set("", "value".to_owned());
        carrier.set("name", "line\r\nbreak".to_owned());

        assert!(headers.is_empty());
    }

    #[test]
    fn full_map_is_left_alone() {
        let mut headers = HeaderMap::new();
        let mut number = 0;
        loop {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            if headers
                .try_insert(name, HeaderValue::from_static(""))
                .is_err()
            {
                break;
            }
            number += 1;
        }
        let length = headers.len();

        let mut carrier = HeaderInjector(&mut headers);
        carrier.reserve(usize::MAX);
        carrier.set("traceparent", "value".to_owned());

        assert_eq!(headers.len(), length);
    }

    #[test]
    fn debug_shows_names_without_values() {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::COOKIE, HeaderValue::from_static("secret"));

        assert_eq!(
            format!("{:?}", HeaderInjector(&mut headers)),
            r#"HeaderInjector(["cookie"])"#
        );
    }
}
