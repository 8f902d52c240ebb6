//! Trace context in messages, whose headers increase from hop to hop.

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
};
use opentelemetry_sdk::propagation::TraceContextPropagator as SdkPropagator;
use otel_propagation::{HeaderInjector, MessageExtractor, MessageHeaders, TraceContextPropagator};

/// Programs that add headers and remove none leave the pairs of all hops one after the other.
#[test]
fn last_parent_goes_on_with_the_list_behind_it() {
    type Pair = (&'static str, &'static str);
    let cases: [(&str, &[Header], Option<Pair>); 12] = [
        (
            "each its own",
            &[PARENT_1, list(b"a=1"), PARENT_2, list(b"b=2,a=1")],
            Some((SECOND, "b=2,a=1")),
        ),
        (
            "the last has none",
            &[PARENT_1, list(b"a=1"), PARENT_2],
            Some((SECOND, "")),
        ),
        (
            "only the last has one",
            &[PARENT_1, PARENT_2, list(b"a=1")],
            Some((SECOND, "a=1")),
        ),
        (
            "several lines",
            &[PARENT_1, list(b"a=1"), PARENT_2, list(b"b=2"), list(b"c=3")],
            Some((SECOND, "b=2,c=3")),
        ),
        (
            "a list that is not valid",
            &[PARENT_1, list(b"a=1"), PARENT_2, list(b"b")],
            Some((SECOND, "")),
        ),
        (
            "a list in front of two parents",
            &[list(b"a=1"), PARENT_1, PARENT_2],
            Some((SECOND, "")),
        ),
        // With one parent, all lists belong to it, because maps and some libraries have their own
        // order.
        (
            "a list in front",
            &[list(b"a=1"), PARENT_1],
            Some((FIRST, "a=1")),
        ),
        (
            "lists around",
            &[list(b"a=1"), PARENT_1, list(b"b=2")],
            Some((FIRST, "a=1,b=2")),
        ),
        // An unreadable header is no parent.
        (
            "null",
            &[PARENT_1, list(b"a=1"), ("traceparent", None), list(b"b=2")],
            Some((FIRST, "a=1,b=2")),
        ),
        (
            "bytes",
            &[PARENT_1, list(b"a=1"), ("traceparent", Some(b"\xff"))],
            Some((FIRST, "a=1")),
        ),
        (
            "a parent that is not valid",
            &[
                PARENT_1,
                list(b"a=1"),
                ("traceparent", Some(b"00")),
                list(b"b=2"),
            ],
            None,
        ),
        ("a list alone", &[list(b"a=1")], None),
    ];
    for (name, received, expected) in cases {
        let expected = expected.map(|(parent, list)| (parent.to_owned(), list.to_owned()));
        let carrier = MessageExtractor(&Kafka(received));
        assert_eq!(
            sent(&TraceContextPropagator::new(), &carrier),
            expected,
            "{name}"
        );
    }
}

/// The SDK's propagator reads one line of each header, and gets a matching pair.
#[test]
fn other_propagators_read_a_pair_too() {
    let cases: [(&[Header], &str); 3] = [
        (
            &[PARENT_1, list(b"a=1"), PARENT_2, list(b"b=2,a=1")],
            "b=2,a=1",
        ),
        (&[PARENT_1, list(b"a=1"), PARENT_2], ""),
        (&[list(b"a=1"), PARENT_2], "a=1"),
    ];
    for (received, expected) in cases {
        let carrier = MessageExtractor(&Kafka(received));
        let expected = (SECOND.to_owned(), expected.to_owned());
        assert_eq!(
            sent(&SdkPropagator::new(), &carrier),
            Some(expected),
            "{received:?}"
        );
    }
}

#[test]
fn all_values_of_a_header_can_be_asked_for() {
    let received = [
        PARENT_1,
        list(b"a=1"),
        PARENT_2,
        list(b"b=2"),
        ("baggage", Some(b"c=3")),
    ];
    let kafka = Kafka(&received);
    let carrier = MessageExtractor(&kafka);

    assert_eq!(carrier.get_all("traceparent"), Some(vec![FIRST, SECOND]));
    assert_eq!(carrier.get_all("tracestate"), Some(vec!["a=1", "b=2"]));
    assert_eq!(carrier.get_all("baggage"), Some(vec!["c=3"]));
    assert_eq!(carrier.get_all("b3"), None);
}

/// What the next service receives: `traceparent`, and `tracestate` or nothing.
fn sent(propagator: &dyn TextMapPropagator, carrier: &dyn Extractor) -> Option<(String, String)> {
    let context = propagator.extract_with_context(&Context::new(), carrier);
    let mut headers = HeaderMap::new();
    propagator.inject_context(&context, &mut HeaderInjector(&mut headers));
    let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Some((text("traceparent")?, text("tracestate").unwrap_or_default()))
}

type Header = (&'static str, Option<&'static [u8]>);

#[derive(Debug)]
struct Kafka<'a>(&'a [Header]);

impl MessageHeaders for Kafka<'_> {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.0.iter().copied()
    }
}

const fn list(value: &'static [u8]) -> Header {
    ("tracestate", Some(value))
}

const PARENT_1: Header = ("traceparent", Some(FIRST.as_bytes()));
const PARENT_2: Header = ("traceparent", Some(SECOND.as_bytes()));
const FIRST: &str = "00-12345678901234567890123456789012-1234567890123456-01";
const SECOND: &str = "00-abcdefabcdefabcdefabcdefabcdefab-abcdefabcdefabcd-01";
