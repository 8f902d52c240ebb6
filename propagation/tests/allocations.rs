//! The allocations of extraction and injection.
//!
//! The resulting context is dropped inside the measurement. Only allocations are counted.

use allocation_counter::measure;
use http::{HeaderMap, HeaderValue};
use opentelemetry::{Context, baggage::BaggageExt, propagation::TextMapPropagator};
use otel_propagation::{
    B3Propagator, BaggagePropagator, HeaderExtractor, HeaderInjector, JaegerPropagator,
    TraceContextPropagator, XrayPropagator,
};

#[test]
fn traceparent_alone_costs_the_span() {
    assert_eq!(
        extraction(&TraceContextPropagator::new(), &[("traceparent", PARENT)]),
        1
    );
}

#[test]
fn random_flag_adds_a_context_value() {
    let random = PARENT.replace("-01", "-03");
    // The value, the map of values, and its table.
    assert_eq!(
        extraction(&TraceContextPropagator::new(), &[("traceparent", &random)]),
        1 + 3
    );
}

#[test]
fn tracestate_member_adds_its_two_strings_and_the_list() {
    let headers = [("traceparent", PARENT), ("tracestate", "congo=t61rcWkgMzE")];
    assert_eq!(extraction(&TraceContextPropagator::new(), &headers), 1 + 3);
}

#[test]
fn extraction_of_nothing_is_free() {
    let w3c = otel_propagation::CompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ]);
    assert_eq!(extraction(&w3c, &[("accept", "*/*")]), 0);
}

#[test]
fn injection_costs_one_string_per_header() {
    let propagator = TraceContextPropagator::new();
    // A `HeaderValue` shares the buffer of the `String` it is made from.
    assert_eq!(
        injection(
            &propagator,
            &extracted(&propagator, &[("traceparent", PARENT)])
        ),
        1
    );
    let headers = [
        ("traceparent", PARENT),
        ("tracestate", "congo=t61rcWkgMzE,rojo=1"),
    ];
    assert_eq!(injection(&propagator, &extracted(&propagator, &headers)), 2);
    let headers = [("traceparent", PARENT), ("tracestate", "foo@@bar=1,rojo=1")];
    assert_eq!(injection(&propagator, &extracted(&propagator, &headers)), 2);
}

#[test]
fn injection_of_baggage_costs_the_line() {
    let propagator = BaggagePropagator::new();
    let full = (0..64)
        .map(|number| format!("key{number}=%20;p"))
        .collect::<Vec<_>>();
    for (line, members) in [("b=2;p,a=%201,c=3", 3), (&full.join(","), 64)] {
        let context = extracted(&propagator, &[("baggage", line)]);
        assert_eq!(context.baggage().len(), members);
        assert_eq!(injection(&propagator, &context), 1);
    }
}

#[test]
fn injection_of_older_formats_costs_one_string_per_header() {
    let context = extracted(&TraceContextPropagator::new(), &[("traceparent", PARENT)]);
    assert_eq!(injection(&B3Propagator::new(), &context), 1);
    assert_eq!(injection(&B3Propagator::multiple_headers(), &context), 3);
    assert_eq!(injection(&JaegerPropagator::new(), &context), 1);
    assert_eq!(injection(&XrayPropagator::new(), &context), 1);
}

#[test]
fn injection_of_jaeger_baggage_also_costs_the_names() {
    let context = extracted(&BaggagePropagator::new(), &[("baggage", "a=%20,b=2")]);
    // Each header has its own name, built in one buffer and stored by the map.
    assert_eq!(
        injection(&JaegerPropagator::new(), &context),
        2 * 2 + 1 + LONGER_NAME
    );
}

#[test]
fn injection_of_nothing_is_free() {
    assert_eq!(
        injection(&TraceContextPropagator::new(), &Context::new()),
        0
    );
    assert_eq!(injection(&BaggagePropagator::new(), &Context::new()), 0);
}

fn extraction(propagator: &impl TextMapPropagator, lines: &[(&'static str, &str)]) -> u64 {
    let headers = headers(lines);
    let context = Context::new();
    measure(|| {
        propagator.extract_with_context(&context, &HeaderExtractor(&headers));
    })
    .count_total
}

fn injection(propagator: &impl TextMapPropagator, context: &Context) -> u64 {
    let mut headers = HeaderMap::with_capacity(8);
    measure(|| propagator.inject_context(context, &mut HeaderInjector(&mut headers))).count_total
}

fn extracted(propagator: &impl TextMapPropagator, lines: &[(&'static str, &str)]) -> Context {
    propagator.extract_with_context(&Context::new(), &HeaderExtractor(&headers(lines)))
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines
        .iter()
        .filter_map(|(name, line)| Some((*name, HeaderValue::from_str(line).ok()?)))
        .map(|(name, line)| (http::HeaderName::from_static(name), line))
        .collect()
}

/// The buffer grows once, with the first key.
const LONGER_NAME: u64 = 1;
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";
