//! What must pass, and what larger input costs.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use allocation_counter::measure;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{Context, baggage::BaggageExt, propagation::TextMapPropagator};
use otel_propagation::{
    B3Propagator, BaggagePropagator, CompositePropagator, HeaderExtractor, HeaderInjector,
    JaegerPropagator, TraceContextPropagator, XrayPropagator,
};

#[test]
fn baggage_of_64_members_and_8192_bytes_passes() {
    // 63 members of 127 bytes, one of 128, and the commas.
    let mut line: Vec<_> = (0..64)
        .map(|number| format!("key{number:02}={}", "v".repeat(121)))
        .collect();
    line[63].push('v');
    let line = line.join(",");
    assert_eq!(line.len(), 8192);

    let (head, tail) = line.split_at(4000);
    let (tail, more) = tail.split_once(',').unwrap();
    let lines = format!("{head}{tail}");
    for received in [vec![line.as_str()], vec![&lines, more]] {
        let received = headers("baggage", received);
        assert_eq!(passed_on("baggage", &received), Some(line.clone()));
    }
}

/// Others may send raw what this crate encodes, and the same amount passes.
#[test]
fn baggage_passes_in_the_encoding_that_it_came_in() {
    let line = format!("a={}", "+/=@!".repeat(1638));
    assert_eq!(line.len(), 8192);

    let received = headers("baggage", [line.as_str()]);

    assert_eq!(passed_on("baggage", &received), Some(line));
}

#[test]
fn tracestate_of_32_of_the_longest_members_passes() {
    let line = (0..32)
        .map(|number| format!("{number:0256}={}", "v".repeat(256)))
        .collect::<Vec<_>>()
        .join(",");

    let received = headers("tracestate", [line.as_str()]);

    assert_eq!(passed_on("tracestate", &received), Some(line));
}

#[test]
fn memory_for_larger_input_is_bounded() {
    const SIZE: usize = 1 << 20;
    let patterns = [
        "a=1,",
        "a=%FF%FF,",
        "abc,",
        "a=b;",
        "%3A",
        "+",
        "1:2:",
        "Root=1;",
        "-",
    ];
    for pattern in patterns {
        let huge = pattern.repeat(SIZE / pattern.len());
        for name in NAMES {
            let peak = peak(&headers(name, [huge.as_str()]));
            assert!(peak <= MOST_MEMORY, "{peak} bytes for {name}: {pattern:?}");
        }
    }
}

#[test]
fn memory_for_the_largest_input_that_passes_is_bounded() {
    // Every other one has Level 2's flag, so that the list is kept as text, too.
    let key = |number: usize| ["k", "k@@"][number % 2].to_owned() + &format!("{number:0253}");
    let tracestate: Vec<_> = (0..32)
        .map(|number| format!("{}={}", key(number), "v".repeat(256)))
        .collect();
    let baggage: Vec<_> = (0..64)
        .map(|number| format!("key{number:02}={}", "v".repeat(121)))
        .collect();
    let mut received = headers("tracestate", [tracestate.join(",").as_str()]);
    received.extend(headers("baggage", [baggage.join(",").as_str()]));

    let peak = peak(&received);

    assert!(peak <= MOST_MEMORY, "{peak} bytes");
}

#[test]
fn baggage_beyond_the_limits_leaves_whole_members() {
    let many = (0..10_000).map(|number| format!("key{number}={}", "v".repeat(number % 300)));
    let received = headers(
        "baggage",
        many.collect::<Vec<_>>().iter().map(String::as_str),
    );

    let context = extracted(&received);

    assert_eq!(context.baggage().len(), 64);
    for (key, (value, _)) in context.baggage() {
        let number: usize = key.as_str().strip_prefix("key").unwrap().parse().unwrap();
        assert_eq!(value.as_str().len(), number % 300);
    }
}

fn passed_on(name: &str, received: &HeaderMap) -> Option<String> {
    let mut sent = HeaderMap::new();
    all().inject_context(&extracted(received), &mut HeaderInjector(&mut sent));
    Some(sent.get(name)?.to_str().unwrap().to_owned())
}

fn extracted(received: &HeaderMap) -> Context {
    all().extract_with_context(&Context::new(), &HeaderExtractor(received))
}

/// Jaeger's baggage would replace that of the `baggage` header, so it is read first.
fn all() -> CompositePropagator {
    CompositePropagator::new(vec![
        Box::new(B3Propagator::new()),
        Box::new(XrayPropagator::new()),
        Box::new(JaegerPropagator::new()),
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

fn peak(received: &HeaderMap) -> u64 {
    measure(|| drop(extracted(received))).bytes_max
}

fn headers<'a>(name: &'static str, lines: impl IntoIterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", HeaderValue::from_static(PARENT));
    let name = HeaderName::from_static(name);
    for line in lines {
        headers.append(&name, HeaderValue::from_str(line).unwrap());
    }
    headers
}

const NAMES: [&str; 9] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-sampled",
    "uber-trace-id",
    "uberctx-key",
    "x-amzn-trace-id",
];
const MOST_MEMORY: u64 = 64 * 1024;
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-03";
