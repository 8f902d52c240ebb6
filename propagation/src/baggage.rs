//! W3C Baggage: the application's own name-value pairs, carried along with the trace.
//!
//! The SDK's propagator of the same name reads only the first header line, cuts values at `=`, does
//! not escape `%` and `\`, and drops a header over 8192 bytes as a whole.

mod decode;
mod encode;
pub(crate) mod limits;

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    baggage::BaggageExt,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use crate::carrier::lines::{BAGGAGE, Lines};

/// Carries baggage in the header `baggage`, by the rules of [W3C
/// Baggage](https://www.w3.org/TR/baggage/).
///
/// Extraction reads all lines as one list and skips the members that are not valid. If several
/// members have the same key, the last one counts. Values are percent-decoded; bytes that are not
/// UTF-8 become U+FFFD. The properties of a member are kept as its metadata, as they are. Incoming
/// baggage replaces all the baggage of the context; if none came in, the context is returned
/// unchanged.
///
/// Injection writes one line, sorted by key, or nothing if there is no baggage. Every character of
/// a value is percent-encoded except ASCII letters and digits, `-`, `.`, `_` and `~`. The format
/// allows more, but some language misreads each of the others: Python `+`, Ruby `=`, C++ `/`. If
/// this makes the line too long, only what the format requires is encoded. Keys cannot be encoded;
/// use the same characters in them.
///
/// Up to 64 members and 8192 bytes are read and written. Members beyond that are left out whole,
/// never cut.
///
/// Baggage is sent to every service that is called. Do not put secrets into it.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::{Context, baggage::BaggageExt, propagation::TextMapPropagator};
/// use otel_propagation::BaggagePropagator;
///
/// let received = HashMap::from([(
///     "baggage".to_owned(),
///     "tenant=acme%20%26%20sons , query=a=b;ttl=30".to_owned(),
/// )]);
/// let propagator = BaggagePropagator::new();
/// let context = propagator.extract_with_context(&Context::new(), &received);
/// assert_eq!(context.baggage().get("tenant"), Some(&"acme & sons".into()));
///
/// let mut sent = HashMap::new();
/// propagator.inject_context(&context, &mut sent);
/// assert_eq!(sent["baggage"], "query=a%3Db;ttl=30,tenant=acme%20%26%20sons");
/// ```
#[derive(Clone, Debug, Default)]
pub struct BaggagePropagator {
    _private: (),
}

impl BaggagePropagator {
    /// Creates the propagator; there is nothing to configure.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TextMapPropagator for BaggagePropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let header = encode::header(context.baggage());
        if !header.is_empty() {
            injector.set(BAGGAGE.name, header);
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let baggage = Lines::of(extractor, BAGGAGE)
            .map(|lines| decode::baggage(lines.as_slice()))
            .filter(|baggage| !baggage.is_empty());
        match baggage {
            Some(baggage) => context.with_baggage(baggage),
            None => context.clone(),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [BAGGAGE.name.to_owned()]);
        FieldIter::new(FIELDS.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use opentelemetry::KeyValue;

    use super::*;

    #[test]
    fn incoming_baggage_replaces_what_the_context_holds() {
        let before =
            Context::new().with_baggage([KeyValue::new("a", "1"), KeyValue::new("b", "2")]);

        let after = extract(&before, "b=3,c=4");

        assert_eq!(inject(&after), Some("b=3,c=4".to_owned()));
    }

    #[test]
    fn extraction_without_a_valid_member_changes_nothing() {
        let before = Context::new().with_baggage([KeyValue::new("a", "1")]);

        for line in ["", " ", "invalid", "=,;"] {
            assert_eq!(inject(&extract(&before, line)), Some("a=1".to_owned()));
        }
        let absent = BaggagePropagator::new()
            .extract_with_context(&before, &HashMap::<String, String>::new());
        assert_eq!(inject(&absent), Some("a=1".to_owned()));
    }

    #[test]
    fn empty_baggage_is_not_injected() {
        assert_eq!(inject(&Context::new()), None);
        assert_eq!(inject(&Context::new().with_cleared_baggage()), None);
    }

    #[test]
    fn fields_are_what_is_written() {
        assert!(BaggagePropagator::new().fields().eq(["baggage"]));
    }

    fn extract(context: &Context, line: &str) -> Context {
        let carrier = HashMap::from([("baggage".to_owned(), line.to_owned())]);
        BaggagePropagator::new().extract_with_context(context, &carrier)
    }

    fn inject(context: &Context) -> Option<String> {
        let mut carrier = HashMap::new();
        BaggagePropagator::new().inject_context(context, &mut carrier);
        carrier.remove("baggage")
    }
}
