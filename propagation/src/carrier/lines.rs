//! The lines of a header, without a list of them where there is only one.
//!
//! The API's [`Extractor`] hands out the first line, or a list of all lines, which has to be
//! allocated. To know of a `traceparent` that it is the only one took the list: one allocation and
//! some 130 instructions for every header of every request. A carrier that can tell without a list
//! answers for a name that no header has: the header's own with a line break behind it.

use opentelemetry::propagation::Extractor;

/// A header, and the name under which a carrier is asked for its only line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) name: &'static str,
    pub(crate) only: &'static str,
}

/// All lines of a header, in order.
#[derive(Debug)]
pub(crate) enum Lines<'a> {
    One(&'a str),
    List(Vec<&'a str>),
}

impl<'a> Lines<'a> {
    /// `None` where the header is absent or has nothing in its only line.
    pub(crate) fn of(extractor: &'a dyn Extractor, header: Header) -> Option<Self> {
        match extractor.get(header.only) {
            Some("") => None,
            Some(SEVERAL) => extractor.get_all(header.only).map(Self::List),
            Some(line) => Some(Self::One(line)),
            // Several lines, or a carrier that cannot tell.
            None => extractor.get_all(header.name).map(Self::List),
        }
    }

    pub(crate) fn as_slice(&self) -> &[&'a str] {
        match self {
            Self::One(line) => std::slice::from_ref(line),
            Self::List(lines) => lines,
        }
    }
}

/// The name of the header whose only line is asked for; for carriers outside of this crate, too.
///
/// Such a carrier answers with the line, with nothing (`Some("")`) for a header that is absent, and
/// with `None` for one that has several lines. Others look the name up as it is, find no such
/// header, answer `None`, and are asked for a list.
///
/// That leaves the carriers that look up another name than they are asked for, because they trim it
/// or write it as a variable of the environment, and those whose headers may have any name. They
/// have to look for this one first, or they answer with a header that nobody asked for.
///
/// ```
/// use otel_propagation::only_line_of;
///
/// assert_eq!(only_line_of("traceparent\n"), Some("traceparent"));
/// assert_eq!(only_line_of("traceparent"), None);
/// ```
#[must_use]
pub fn only_line_of(key: &str) -> Option<&str> {
    key.strip_suffix('\n')
}

/// What a carrier answers that was asked for the only line of a header, has several, and knows that
/// not all of them count: it is asked for those that do by the same name. No header has such a line.
pub(crate) const SEVERAL: &str = "\n";

/// Whether a header that is set to this is removed: an empty one of W3C's says nothing, and is not
/// legal. Jaeger's baggage has empty values.
pub(super) fn is_removed(key: &str, value: &str) -> bool {
    value.is_empty()
        && [TRACEPARENT, TRACESTATE, BAGGAGE]
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(key))
}

pub(crate) const TRACEPARENT: Header = Header {
    name: "traceparent",
    only: "traceparent\n",
};
pub(crate) const TRACESTATE: Header = Header {
    name: "tracestate",
    only: "tracestate\n",
};
pub(crate) const BAGGAGE: Header = Header {
    name: "baggage",
    only: "baggage\n",
};

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn carriers_that_cannot_tell_are_asked_for_a_list() {
        let carrier = HashMap::from([("baggage".to_owned(), "a=1".to_owned())]);
        let lines = Lines::of(&carrier, BAGGAGE);
        assert!(matches!(&lines, Some(Lines::List(_))));
        assert_eq!(lines.unwrap().as_slice(), ["a=1"]);
        assert!(Lines::of(&carrier, TRACEPARENT).is_none());
    }
}
