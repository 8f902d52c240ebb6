//! actix's own header map as a carrier; the other `http` crates' maps are not this type.

use std::str;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::Extractor;
use otel_propagation::only_line_of;

/// Reads the headers of a request or a response.
///
/// A line that is not UTF-8 counts, so that it cannot hide a second `traceparent`, but all that is
/// seen of it is U+FFFD, which no format accepts.
pub(crate) struct HeaderExtractor<'a>(pub(crate) &'a HeaderMap);

impl Extractor for HeaderExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if let Some(key) = only_line_of(key) {
            return self.only_line(key);
        }
        let value = match known_name(key) {
            Some(name) => self.0.get(name),
            None => self.0.get(key),
        };
        text(value?)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let lines: Vec<_> = self.lines(key).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

impl<'a> HeaderExtractor<'a> {
    fn lines(&self, key: &str) -> impl Iterator<Item = &'a str> {
        let lines = match known_name(key) {
            Some(name) => self.0.get_all(name),
            None => self.0.get_all(key),
        };
        lines.map(|line| text(line).unwrap_or(UNREADABLE))
    }

    /// Spares the list of lines that the propagators would have to ask for.
    fn only_line(&self, key: &str) -> Option<&'a str> {
        let mut lines = self.lines(key);
        let Some(line) = lines.next() else {
            return Some("");
        };
        lines.next().is_none().then_some(line)
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

/// `HeaderValue::to_str` takes ASCII only: one accented letter would hide a whole baggage line.
fn text(value: &HeaderValue) -> Option<&str> {
    str::from_utf8(value.as_bytes()).ok()
}

/// Stands for a line that is not text.
const UNREADABLE: &str = "\u{fffd}";

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
        headers.append(BAGGAGE.clone(), HeaderValue::from_static("a=1"));
        headers.append(
            BAGGAGE.clone(),
            HeaderValue::from_bytes("b=é".as_bytes()).unwrap(),
        );
        headers.append(HOST.clone(), HeaderValue::from_static("localhost"));
        let carrier = HeaderExtractor(&headers);

        assert_eq!(carrier.get("Baggage"), Some("a=1"));
        assert_eq!(carrier.get_all("baggage"), Some(vec!["a=1", "b=é"]));
        assert_eq!(carrier.get_all("BAGGAGE"), Some(vec!["a=1", "b=é"]));
        assert_eq!(carrier.get("host"), Some("localhost"));
        assert_eq!(carrier.get("host\n"), Some("localhost"));
        assert_eq!(carrier.get("baggage\n"), None);
        assert_eq!(carrier.get("traceparent\n"), Some(""));
        let mut keys = carrier.keys();
        keys.sort_unstable();
        assert_eq!(keys, ["baggage", "host"]);
    }

    #[test]
    fn line_that_is_not_text_still_counts() {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT.clone(), HeaderValue::from_static("first"));
        headers.append(
            TRACEPARENT.clone(),
            HeaderValue::from_bytes(b"\xff").unwrap(),
        );
        headers.append(
            TRACESTATE.clone(),
            HeaderValue::from_bytes(b"\xff").unwrap(),
        );
        let carrier = HeaderExtractor(&headers);

        assert_eq!(
            carrier.get_all("traceparent"),
            Some(vec!["first", "\u{fffd}"])
        );
        assert_eq!(carrier.get("tracestate"), None);
    }

    #[test]
    fn what_is_no_header_is_absent() {
        let headers = HeaderMap::new();
        let carrier = HeaderExtractor(&headers);

        for key in ["traceparent", "absent", "not a name", ""] {
            assert_eq!(carrier.get(key), None, "{key}");
            assert_eq!(carrier.get_all(key), None, "{key}");
        }
    }
}
