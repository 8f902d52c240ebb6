//! With spans of the real SDK, which keeps less of a remote parent than has to be sent.

use std::collections::HashMap;

use opentelemetry::{
    Context, KeyValue,
    propagation::TextMapPropagator,
    trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
};
use otel_propagation::TraceContextPropagator;

#[test]
fn random_flag_survives_a_dropped_span() {
    for (received, sent) in [("00", "00"), ("01", "00"), ("02", "02"), ("03", "02")] {
        let headers = through_span(Sampler::AlwaysOff, received, None);
        assert_eq!(headers.flags, sent, "received {received}");
    }
}

#[test]
fn random_flag_survives_a_sampled_span() {
    for (received, sent) in [("00", "01"), ("01", "01"), ("02", "03"), ("03", "03")] {
        let headers = through_span(Sampler::AlwaysOn, received, None);
        assert_eq!(headers.flags, sent, "received {received}");
    }
}

#[test]
fn tracestate_passes_byte_for_byte() {
    let lists = [
        "foo@@bar=1,ot=th:c;rv:9b8233f7e3a151",
        "ot=th:c;rv:9b8233f7e3a151,foo@@bar=1",
        "vendor= a b ,ot=th:c;rv:9b8233f7e3a151;xx:1,congo=t61rcWkgMzE",
        "tenant@a-name-that-is-too-long-for-level-1=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~",
    ];
    for list in lists {
        for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
            let headers = through_span(sampler, "01", Some(list));
            let expected = list.replace(" ,", ",");
            assert_eq!(headers.tracestate.as_deref(), Some(expected.as_str()));
        }
    }
}

#[test]
fn tracestate_of_a_sampler_wins() {
    let headers = through_span(Vendor, "03", Some("foo@@bar=1,congo=2"));
    assert_eq!(headers.tracestate.as_deref(), Some("vendor=1,congo=2"));
    assert_eq!(headers.flags, "03");

    let headers = through_span(Vendor, "03", None);
    assert_eq!(headers.tracestate.as_deref(), Some("vendor=1"));
}

#[test]
fn empty_tracestate_is_not_sent() {
    let headers = through_span(Sampler::AlwaysOn, "01", None);
    assert_eq!(headers.tracestate, None);
}

#[derive(Debug)]
struct Sent {
    flags: String,
    tracestate: Option<String>,
}

/// Extracts, starts a child span, and injects it.
fn through_span(
    sampler: impl ShouldSample + 'static,
    flags: &str,
    tracestate: Option<&str>,
) -> Sent {
    let mut received = HashMap::from([(
        "traceparent".to_owned(),
        format!("00-{TRACE_ID}-{PARENT_ID}-{flags}"),
    )]);
    received.extend(tracestate.map(|list| ("tracestate".to_owned(), list.to_owned())));
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let propagator = TraceContextPropagator::new();

    let remote = propagator.extract_with_context(&Context::new(), &received);
    let span = provider.tracer("test").start_with_context("child", &remote);
    let mut sent = HashMap::new();
    propagator.inject_context(&remote.with_span(span), &mut sent);

    let traceparent = sent.remove("traceparent").unwrap_or_default();
    let (ids, flags) = traceparent.rsplit_once('-').unwrap_or_default();
    assert!(
        ids.starts_with(&format!("00-{TRACE_ID}-")),
        "{traceparent:?}"
    );
    assert!(!ids.ends_with(PARENT_ID), "{traceparent:?}");
    Sent {
        flags: flags.to_owned(),
        tracestate: sent.remove("tracestate"),
    }
}

/// Adds its own member in front, as a vendor's sampler may.
#[derive(Clone, Debug)]
struct Vendor;

impl ShouldSample for Vendor {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let trace_state = parent.map_or(TraceState::NONE, |context| {
            context.span().span_context().trace_state().clone()
        });
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: Vec::new(),
            trace_state: trace_state.insert("vendor", "1").unwrap_or_default(),
        }
    }
}

const TRACE_ID: &str = "12345678901234567890123456789012";
const PARENT_ID: &str = "1234567890123456";
