//! Carriers for [`http::HeaderMap`].
//!
//! `opentelemetry-http` has types of the same names. They are replaced rather than wrapped,
//! because each of their methods on the request path falls short here: `get_all` leaves out lines
//! that are not ASCII, which hides a second `traceparent`; `set` copies the value, allocates the
//! header's name anew every time, and panics on a full map, as `reserve` does; `get` hides a value
//! for one accented letter. What would be left to share is `keys`.

use std::{fmt, str};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use opentelemetry::propagation::{Extractor, Injector};

use super::lines::{is_removed, only_line_of};

/// Reads context from the headers of a request.
///
/// [`get_all`](Extractor::get_all) yields every line of a header in order, which is how several
/// `tracestate` or `baggage` lines become one list. A line that is not UTF-8 counts, so that it
/// cannot hide a duplicate, but all that is seen of it is U+FFFD, which no format accepts;
/// [`get`](Extractor::get) answers `None` for it.
///
/// `Debug` shows the names of the headers and none of their values.
///
/// ```
/// use opentelemetry::propagation::Extractor;
/// use otel_propagation::HeaderExtractor;
///
/// let mut headers = http::HeaderMap::new();
/// headers.append("baggage", "tenant=acme".parse()?);
/// headers.append("baggage", "plan=gold".parse()?);
///
/// let carrier = HeaderExtractor(&headers);
/// assert_eq!(carrier.get("Baggage"), Some("tenant=acme"));
/// assert_eq!(carrier.get_all("baggage"), Some(vec!["tenant=acme", "plan=gold"]));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy)]
pub struct HeaderExtractor<'a>(pub &'a HeaderMap);

impl Extractor for HeaderExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if let Some(key) = only_line_of(key) {
            return self.only_line(key);
        }
        let line = match known_name(key) {
            // To walk past a few is cheaper than to hash a name.
            Some(name) if self.0.len() <= FEW => {
                let mut lines = self.0.iter();
                lines.find_map(|(known, line)| (known == name).then_some(line))
            }
            Some(name) => self.0.get(name),
            None => self.0.get(key),
        };
        text(line?)
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
    #[inline]
    fn lines(&self, key: &str) -> impl Iterator<Item = &'a str> {
        let lines = match known_name(key) {
            Some(name) => self.0.get_all(name),
            None => self.0.get_all(key),
        };
        lines.into_iter().map(readable)
    }

    fn only_line(&self, key: &str) -> Option<&'a str> {
        let mut lines = self.lines(key);
        let Some(line) = lines.next() else {
            return Some("");
        };
        lines.next().is_none().then_some(line)
    }
}

impl fmt::Debug for HeaderExtractor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_names("HeaderExtractor", self.0, formatter)
    }
}

/// Writes context to the headers of a request.
///
/// [`set`](Injector::set) replaces all lines of the header. An empty `traceparent`, `tracestate` or
/// `baggage` says nothing, and is removed. A name or value that is not legal in HTTP is skipped, and
/// so is everything once the map is full; nothing panics.
///
/// A `traceparent` that replaces another takes the `tracestate` with it that a request was copied
/// with: it belongs to the old one. A list is set after its parent.
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
            // Only a full map refuses, and a request goes out without context rather than not.
            self.0.try_insert(name, value).ok().flatten()
        };
        if is_parent && replaced.is_some() {
            self.0.remove(&TRACESTATE);
        }
    }

    fn reserve(&mut self, additional: usize) {
        // No more than a hint: `set` copes with a map that cannot grow.
        let _ = self.0.try_reserve(additional);
    }
}

impl fmt::Debug for HeaderInjector<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_names("HeaderInjector", self.0, formatter)
    }
}

/// As many headers as the head and the trailers of a gRPC response have.
const FEW: usize = 3;

/// Names that are looked for in every request: parsing one costs as much as the look-up itself,
/// and storing it an allocation. All that the propagators of this crate write are here, but for
/// Jaeger's baggage, and what instrumentations read of every request.
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
        "host" => Some(&HOST),
        "user-agent" => Some(&USER_AGENT),
        "grpc-status" => Some(&GRPC_STATUS),
        _ => None,
    }
}

/// `HeaderValue::to_str` takes ASCII only: one accented letter would hide a whole baggage line.
pub(super) fn text(value: &HeaderValue) -> Option<&str> {
    str::from_utf8(value.as_bytes()).ok()
}

/// Also what is not text counts as a line.
pub(super) fn readable(value: &HeaderValue) -> &str {
    text(value).unwrap_or(UNREADABLE)
}

/// Header values are where credentials travel; a debug log is no place for them.
fn debug_names(
    type_name: &str,
    headers: &HeaderMap,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    struct Names<'a>(&'a HeaderMap);

    impl fmt::Debug for Names<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.debug_list().entries(self.0.keys()).finish()
        }
    }

    formatter
        .debug_tuple(type_name)
        .field(&Names(headers))
        .finish()
}

/// Stands for a line that is not text.
const UNREADABLE: &str = "\u{fffd}";

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
static HOST: HeaderName = header::HOST;
static USER_AGENT: HeaderName = header::USER_AGENT;
static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_that_is_not_text_still_counts() {
        let mut headers = HeaderMap::new();
        headers.append(&TRACEPARENT, HeaderValue::from_static("first"));
        headers.append(&TRACEPARENT, HeaderValue::from_bytes(b"\xff").unwrap());
        let carrier = HeaderExtractor(&headers);

        assert_eq!(
            carrier.get_all("traceparent"),
            Some(vec!["first", "\u{fffd}"])
        );
    }

    #[test]
    fn only_line_is_told_from_several_and_from_none() {
        let mut headers = HeaderMap::new();
        headers.append(&TRACEPARENT, HeaderValue::from_static("first"));
        headers.append(&TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(&TRACESTATE, HeaderValue::from_static("b=2"));
        let carrier = HeaderExtractor(&headers);

        assert_eq!(carrier.get("traceparent\n"), Some("first"));
        assert_eq!(carrier.get("tracestate\n"), None);
        assert_eq!(carrier.get("baggage\n"), Some(""));
    }

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

    #[test]
    fn get_reads_the_first_line_whatever_the_case() {
        let mut headers = HeaderMap::new();
        headers.append(&BAGGAGE, HeaderValue::from_bytes("é=1".as_bytes()).unwrap());
        headers.append(&BAGGAGE, HeaderValue::from_static("second"));
        headers.append(&TRACESTATE, HeaderValue::from_bytes(b"\xff").unwrap());
        let carrier = HeaderExtractor(&headers);

        assert_eq!(carrier.get("BAGGAGE"), Some("é=1"));
        assert_eq!(carrier.get("tracestate"), None);
        assert_eq!(carrier.get("absent"), None);
        assert_eq!(carrier.get("not a name"), None);
        assert_eq!(carrier.get_all("absent"), None);
        assert_eq!(carrier.keys(), ["baggage", "tracestate"]);
    }

    #[test]
    fn set_replaces_all_lines() {
        let mut headers = HeaderMap::new();
        headers.append(&BAGGAGE, HeaderValue::from_static("a=1"));
        headers.append(&BAGGAGE, HeaderValue::from_static("b=2"));

        HeaderInjector(&mut headers).set("Baggage", "c=3".to_owned());

        assert_eq!(
            HeaderExtractor(&headers).get_all("baggage"),
            Some(vec!["c=3"])
        );
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
            format!("{:?}", HeaderExtractor(&headers)),
            r#"HeaderExtractor(["cookie"])"#
        );
        assert_eq!(
            format!("{:?}", HeaderInjector(&mut headers)),
            r#"HeaderInjector(["cookie"])"#
        );
    }
}
