//! The lines of a header, without allocating a list if there is only one.
//!
//! The API's [`Extractor`] returns the first line, or an allocated list of all lines. Using the
//! list to learn that a `traceparent` is the only one took one allocation and some 130 instructions
//! for every header of every request. The propagators and carriers of this crate avoid this by a
//! convention: a propagator asks the carrier for the header's name behind a colon, a name that no
//! header can have. The carriers of other crates find no such header and are then asked for a list.

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
    /// `None` if the header is absent, or has nothing in its only line.
    pub(crate) fn of(extractor: &'a dyn Extractor, header: Header) -> Option<Self> {
        match extractor.get(header.only) {
            Some("") => None,
            Some(SOME_OF_SEVERAL) => extractor.get_all(header.only).map(Self::List),
            Some(line) => Some(Self::One(line)),
            // Several lines, or a carrier without this convention.
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

/// The answer of a carrier that is asked for the only line of a header.
#[derive(Clone, Copy, Debug)]
pub(super) enum OnlyLine<'a> {
    Absent,
    Line(&'a str),
    /// [`Extractor::get_all`] returns the list for the header's name.
    Several,
    /// [`Extractor::get_all`] returns the list for the name that was asked for.
    SomeOfSeveral,
}

impl<'a> OnlyLine<'a> {
    /// The header whose only line the name `key` asks for, if it is such a name.
    pub(super) fn asked_for(key: &str) -> Option<&str> {
        key.strip_prefix(':')
    }

    /// The answer as the API represents it.
    pub(super) fn answer(self) -> Option<&'a str> {
        match self {
            Self::Absent => Some(""),
            Self::Line(line) => Some(line),
            Self::Several => None,
            Self::SomeOfSeveral => Some(SOME_OF_SEVERAL),
        }
    }
}

/// No format accepts this as a line of its own.
const SOME_OF_SEVERAL: &str = "\n";

/// True if setting this value removes the header. An empty header is not legal in W3C's formats.
/// Jaeger's baggage has empty values.
pub(super) fn is_removed(key: &str, value: &str) -> bool {
    value.is_empty()
        && [TRACEPARENT, TRACESTATE, BAGGAGE]
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(key))
}

pub(crate) const TRACEPARENT: Header = Header {
    name: "traceparent",
    only: ":traceparent",
};
pub(crate) const TRACESTATE: Header = Header {
    name: "tracestate",
    only: ":tracestate",
};
pub(crate) const BAGGAGE: Header = Header {
    name: "baggage",
    only: ":baggage",
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

    #[test]
    fn names_of_only_lines_are_those_of_the_headers() {
        for header in [TRACEPARENT, TRACESTATE, BAGGAGE] {
            assert_eq!(OnlyLine::asked_for(header.only), Some(header.name));
            assert_eq!(OnlyLine::asked_for(header.name), None);
        }
    }
}
