//! actix's own header map as a carrier; the other `http` crates' maps are not this type.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use otel_propagation::HeaderLines;

/// The headers of a request or a response.
pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl HeaderLines for Headers<'_> {
    #[inline]
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let lines = match known_name(name) {
            Some(name) => self.0.get_all(name),
            None => self.0.get_all(name),
        };
        lines.map(HeaderValue::as_bytes)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(HeaderName::as_str)
    }

    fn first_line(&self, name: &str) -> Option<&[u8]> {
        let line = match known_name(name) {
            Some(name) => self.0.get(name),
            None => self.0.get(name),
        };
        line.map(HeaderValue::as_bytes)
    }
}

/// The size that a message announces for its body.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// Names that are looked up for every request: parsing one costs as much as the look-up itself.
fn known_name(key: &str) -> Option<&'static HeaderName> {
    match key {
        "traceparent" => Some(&TRACEPARENT),
        "tracestate" => Some(&TRACESTATE),
        "baggage" => Some(&BAGGAGE),
        "host" => Some(&HOST),
        "user-agent" => Some(&USER_AGENT),
        _ => None,
    }
}

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
static BAGGAGE: HeaderName = HeaderName::from_static("baggage");
static HOST: HeaderName = header::HOST;
static USER_AGENT: HeaderName = header::USER_AGENT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_order_whatever_the_case() {
        let mut headers = HeaderMap::new();
        for line in [&b"a=1"[..], b"b=\xff"] {
            headers.append(BAGGAGE.clone(), HeaderValue::from_bytes(line).unwrap());
        }
        headers.append(HOST.clone(), HeaderValue::from_static("localhost"));
        let headers = Headers(&headers);

        for name in ["baggage", "Baggage", "BAGGAGE"] {
            let lines: Vec<_> = headers.lines(name).collect();
            assert_eq!(lines, [&b"a=1"[..], b"b=\xff"], "{name}");
            assert_eq!(headers.first_line(name), Some(&b"a=1"[..]), "{name}");
        }
        assert_eq!(headers.first_line("host"), Some(&b"localhost"[..]));
        let mut names: Vec<_> = headers.names().collect();
        names.sort_unstable();
        assert_eq!(names, ["baggage", "host"]);
    }

    #[test]
    fn what_is_no_header_is_absent() {
        let headers = HeaderMap::new();
        let headers = Headers(&headers);

        for name in ["traceparent", "absent", "not a name", ""] {
            assert_eq!(headers.lines(name).next(), None, "{name}");
            assert_eq!(headers.first_line(name), None, "{name}");
        }
    }
}
