//! What must hold whatever bytes come in: one function for each fuzz target.
//!
//! `cargo test` in the workspace runs them, too, over the corpora that are checked in.
//!
//! The bytes are read as lines of `name: value`, so that a corpus can be read and written by hand.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    baggage::BaggageExt,
    propagation::TextMapPropagator,
    trace::{SpanContext, TraceContextExt},
};
use otel_propagation::{
    B3Propagator, BaggagePropagator, CompositePropagator, HeaderExtractor, HeaderInjector,
    JaegerPropagator, MessageExtractor, MessageInjector, TraceContextPropagator, XrayPropagator,
};

/// `traceparent` and `tracestate`.
pub fn trace_context(bytes: &[u8]) {
    let received = http_headers(bytes);
    let sent = passes_on(&TraceContextPropagator::new(), &received);

    assert!(sent.contains_key("traceparent") || sent.is_empty());
    if let Some(traceparent) = sent.get("traceparent") {
        assert_eq!(traceparent.len(), 55);
        assert_eq!(received.get_all("traceparent").iter().count(), 1);
    }
    if let Some(list) = sent.get("tracestate") {
        let list = list.to_str().unwrap();
        assert!((1..=32).contains(&list.split(',').count()));
        let received: Vec<_> = received
            .get_all("tracestate")
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
            .collect();
        assert!(list.split(',').map(str::as_bytes).eq(received));
    }
}

/// `baggage`.
pub fn baggage(bytes: &[u8]) {
    let sent = passes_on(&BaggagePropagator::new(), &http_headers(bytes));

    if let Some(list) = sent.get("baggage") {
        let list = list.to_str().unwrap();
        assert!((1..=8192).contains(&list.len()));
        assert!((1..=64).contains(&list.split(',').count()));
    }
}

/// `b3` and `x-b3-*`, either of them sent.
pub fn b3(bytes: &[u8]) {
    let received = http_headers(bytes);
    let single = passes_on(&B3Propagator::new(), &received);
    let multiple = passes_on(&B3Propagator::multiple_headers(), &received);

    assert_eq!(
        passes_on(&B3Propagator::new(), &multiple),
        single,
        "both forms say the same"
    );
}

/// `uber-trace-id` and `uberctx-*`.
pub fn jaeger(bytes: &[u8]) {
    let sent = passes_on(&JaegerPropagator::new(), &http_headers(bytes));

    assert!(sent.len() <= 1 + 64);
}

/// `x-amzn-trace-id`.
pub fn xray(bytes: &[u8]) {
    let sent = passes_on(&XrayPropagator::new(), &http_headers(bytes));

    assert!(sent.values().all(|line| line.len() == 74));
}

/// All formats at once, out of the headers of a message and into others.
pub fn messages(bytes: &[u8]) {
    let propagator = CompositePropagator::new(vec![
        Box::new(B3Propagator::new()),
        Box::new(JaegerPropagator::new()),
        Box::new(XrayPropagator::new()),
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ]);
    let received: Vec<(String, Vec<u8>)> = lines(bytes)
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.to_vec()))
        .collect();
    let mut forwarded = received.clone();
    let mut map = BTreeMap::<String, Vec<u8>>::new();

    let context = propagator.extract_with_context(&Context::new(), &MessageExtractor(&received));
    propagator.inject_context(&context, &mut MessageInjector(&mut forwarded));
    propagator.inject_context(&context, &mut MessageInjector(&mut map));

    // What was there before does not matter, and nobody adds up.
    for (name, value) in &map {
        let mut found = forwarded.iter().filter(|(other, _)| other == name);
        assert_eq!(found.next().map(|(_, value)| value), Some(value));
        assert_eq!(found.next(), None);
    }
    let again = propagator.extract_with_context(&Context::new(), &MessageExtractor(&map));
    assert_eq!(remote(&again), remote(&context));
}

/// Extracts and injects; what was sent is then taken as it stands, and means the same. Only
/// properties of baggage may be spelt differently: what is not legal in them is sent encoded, and
/// they are not decoded.
fn passes_on(propagator: &dyn TextMapPropagator, received: &HeaderMap) -> HeaderMap {
    let first = extract(propagator, received);
    let sent = inject(propagator, &first);
    let second = extract(propagator, &sent);

    assert_eq!(remote(&second), remote(&first));
    assert_eq!(entries(&second), entries(&first));
    assert_eq!(inject(propagator, &second), sent);
    sent
}

fn extract(propagator: &dyn TextMapPropagator, headers: &HeaderMap) -> Context {
    propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers))
}

fn inject(propagator: &dyn TextMapPropagator, context: &Context) -> HeaderMap {
    let mut headers = HeaderMap::new();
    propagator.inject_context(context, &mut HeaderInjector(&mut headers));
    headers
}

fn remote(context: &Context) -> SpanContext {
    context.span().span_context().clone()
}

fn entries(context: &Context) -> BTreeMap<&str, &str> {
    context
        .baggage()
        .iter()
        .map(|(key, (value, _))| (key.as_str(), value.as_str()))
        .collect()
}

fn http_headers(bytes: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines(bytes) {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    headers
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":")?;
        Some((name, value.strip_prefix(b" ").unwrap_or(value)))
    })
}
