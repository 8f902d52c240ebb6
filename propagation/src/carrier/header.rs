//! One carrier for the header maps of all HTTP libraries.
//!
//! `opentelemetry-http` has a type of the same name for `http` 1. It is replaced rather than
//! wrapped, because its methods hide lines that are not ASCII: `get_all` may miss a second
//! `traceparent`, and `get` misses a value with one accented letter.

use std::{fmt, str};

use opentelemetry::propagation::Extractor;

use super::lines::OnlyLine;

/// Headers that a [`HeaderExtractor`] can read. Each may have several lines, as in HTTP.
///
/// Implemented for the [`HeaderMap`](http::HeaderMap) of `http` 1. Wrap the header map of another
/// library in a type of your own. Compare names without regard to case, as HTTP requires. This
/// crate's propagators ask for names in lower case, so a library that stores them in lower case has
/// nothing to convert.
///
/// A carrier may also implement [`Extractor`] itself. This trait spares it one allocation for each
/// header, because a header with only one line needs no list.
///
/// ```
/// use opentelemetry::{Context, trace::TraceContextExt};
/// use otel_propagation::{HeaderExtractor, HeaderLines, extract};
///
/// /// The headers of a request as a parser left them.
/// struct Parsed<'a>(Vec<(&'a str, &'a [u8])>);
///
/// impl HeaderLines for Parsed<'_> {
///     fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
///         let headers = self.0.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
///         headers.map(|(_, line)| *line)
///     }
///
///     fn names(&self) -> impl Iterator<Item = &str> {
///         self.0.iter().map(|(name, _)| *name)
///     }
/// }
///
/// let parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let headers = Parsed(vec![("TraceParent", parent)]);
/// let context = extract(&Context::new(), &HeaderExtractor(&headers));
/// assert!(context.span().span_context().is_sampled());
/// ```
pub trait HeaderLines {
    /// The lines of the header, in order. Empty if the header is absent or `name` is not a legal
    /// name.
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]>;

    /// The names of all headers.
    fn names(&self) -> impl Iterator<Item = &str>;

    /// The first line of the header. Override it if there is a cheaper way than the first of
    /// [`lines`](Self::lines).
    fn first_line(&self, name: &str) -> Option<&[u8]> {
        self.lines(name).next()
    }
}

impl<H: HeaderLines + ?Sized> HeaderLines for &H {
    #[inline]
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        (**self).lines(name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        (**self).names()
    }

    #[inline]
    fn first_line(&self, name: &str) -> Option<&[u8]> {
        (**self).first_line(name)
    }
}

/// Reads context from the headers of a request.
///
/// It takes the headers of `http` 1 and any other type that implements [`HeaderLines`].
///
/// [`get_all`](Extractor::get_all) yields every line of a header in order, which is how several
/// `tracestate` or `baggage` lines become one list. A line that is not UTF-8 counts, so that a
/// duplicate is noticed, but it reads as U+FFFD, which no format accepts; [`get`](Extractor::get)
/// returns `None` for it.
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
pub struct HeaderExtractor<H>(pub H);

impl<H: HeaderLines> Extractor for HeaderExtractor<H> {
    fn get(&self, key: &str) -> Option<&str> {
        match OnlyLine::asked_for(key) {
            Some(name) => self.only_line(name).answer(),
            // `HeaderValue::to_str` takes ASCII only, and would hide a whole line of baggage.
            None => str::from_utf8(self.0.first_line(key)?).ok(),
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.names().collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let lines: Vec<_> = self.0.lines(key).map(readable).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

impl<H: HeaderLines> HeaderExtractor<H> {
    fn only_line(&self, name: &str) -> OnlyLine<'_> {
        let mut lines = self.0.lines(name);
        match (lines.next(), lines.next()) {
            (None, _) => OnlyLine::Absent,
            (Some(line), None) => OnlyLine::Line(readable(line)),
            (Some(_), Some(_)) => OnlyLine::Several,
        }
    }
}

impl<H: HeaderLines> fmt::Debug for HeaderExtractor<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be credentials, which do not belong in a debug log.
        formatter
            .debug_tuple("HeaderExtractor")
            .field(&self.keys())
            .finish()
    }
}

/// A line that is not text counts too.
fn readable(line: &[u8]) -> &str {
    str::from_utf8(line).unwrap_or("\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_not_text_still_count() {
        let carrier = Headers(&[("a", b"first"), ("a", b"\xff"), ("b", b"\xff")]);
        let carrier = HeaderExtractor(&carrier);

        assert_eq!(carrier.get_all("a"), Some(vec!["first", "\u{fffd}"]));
        assert_eq!(carrier.get(":a"), None);
        assert_eq!(carrier.get("b"), None);
        assert_eq!(carrier.get(":b"), Some("\u{fffd}"));
    }

    #[test]
    fn only_line_is_told_from_several_and_from_none() {
        let carrier = Headers(&[("a", b"1"), ("b", b"2"), ("b", b"3"), ("c", b"")]);
        let carrier = HeaderExtractor(&carrier);

        assert_eq!(carrier.get(":a"), Some("1"));
        assert_eq!(carrier.get(":b"), None);
        assert_eq!(carrier.get(":c"), Some(""));
        assert_eq!(carrier.get(":d"), Some(""));
    }

    #[test]
    fn first_and_all_lines_are_read() {
        let carrier = Headers(&[("a", b"\xc3\xa9=1"), ("a", b"2")]);
        let carrier = HeaderExtractor(&carrier);

        assert_eq!(carrier.get("a"), Some("é=1"));
        assert_eq!(carrier.get_all("a"), Some(vec!["é=1", "2"]));
        assert_eq!(carrier.get("b"), None);
        assert_eq!(carrier.get_all("b"), None);
        assert_eq!(carrier.keys(), ["a", "a"]);
    }

    #[test]
    fn debug_shows_names_without_values() {
        let carrier = Headers(&[("cookie", b"secret")]);
        let shown = format!("{:?}", HeaderExtractor(&carrier));
        assert_eq!(shown, r#"HeaderExtractor(["cookie"])"#);
    }

    struct Headers(&'static [(&'static str, &'static [u8])]);

    impl HeaderLines for Headers {
        fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
            let headers = self.0.iter().filter(move |(other, _)| *other == name);
            headers.map(|(_, line)| *line)
        }

        fn names(&self) -> impl Iterator<Item = &str> {
            self.0.iter().map(|(name, _)| *name)
        }
    }
}
