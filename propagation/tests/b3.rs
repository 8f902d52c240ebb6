//! The B3 propagator through the spans of the real SDK, and without one.

use std::collections::HashMap;

use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::{ParentBasedSampler, Sampler, SdkTracerProvider, ShouldSample};
use otel_propagation::{B3Propagator, CompositePropagator, TraceContextPropagator};

#[test]
fn both_forms_are_read_and_the_configured_one_is_written() {
    let single = headers(&[("b3", &format!("{TRACE_ID}-{SPAN_ID}-1-05e3ac9a4f6e3b90"))]);
    let multiple = headers(&[
        ("x-b3-traceid", TRACE_ID),
        ("x-b3-spanid", SPAN_ID),
        ("x-b3-parentspanid", "05e3ac9a4f6e3b90"),
        ("x-b3-sampled", "1"),
    ]);
    for received in [&single, &multiple] {
        let context = B3Propagator::new().extract_with_context(&Context::new(), received);

        assert_eq!(
            inject(&B3Propagator::new(), &context),
            headers(&[("b3", &format!("{TRACE_ID}-{SPAN_ID}-1"))])
        );
        assert_eq!(
            inject(&B3Propagator::multiple_headers(), &context),
            headers(&[
                ("x-b3-traceid", TRACE_ID),
                ("x-b3-spanid", SPAN_ID),
                ("x-b3-sampled", "1"),
            ])
        );
    }
}

#[test]
fn multiple_headers_apply_if_the_single_one_is_not_valid() {
    let received = headers(&[
        ("b3", "garbage"),
        ("x-b3-traceid", "e457b5a2e4d86bd1"),
        ("x-b3-spanid", SPAN_ID),
        ("x-b3-flags", "1"),
    ]);

    let context = B3Propagator::new().extract_with_context(&Context::new(), &received);

    assert_eq!(
        inject(&B3Propagator::multiple_headers(), &context),
        headers(&[
            ("x-b3-traceid", "0000000000000000e457b5a2e4d86bd1"),
            ("x-b3-spanid", SPAN_ID),
            ("x-b3-flags", "1"),
        ])
    );
}

#[test]
fn sampling_state_goes_on_below_a_span_of_the_sdk() {
    let sampler = || Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    for (received, sent) in [("-0", "-0"), ("-1", "-1"), ("-d", "-d"), ("", "-0")] {
        let value = through_span(sampler(), &format!("{TRACE_ID}-{SPAN_ID}{received}"));

        assert!(value.starts_with(TRACE_ID), "{value:?}");
        assert!(!value.contains(SPAN_ID), "{value:?}");
        assert!(value.ends_with(sent), "{received:?} became {value:?}");
    }
}

#[test]
fn decision_without_a_trace_is_obeyed_by_a_new_one() {
    let sampler = || Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    for (received, sent) in [("0", "-0"), ("1", "-1"), ("d", "-d")] {
        let value = through_span(sampler(), received);

        assert_eq!(value.len(), 32 + 1 + 16 + 2, "{value:?}");
        assert!(value.ends_with(sent), "{received:?} became {value:?}");
    }
}

#[test]
fn decision_without_a_trace_that_the_sampler_overrules_is_not_passed_on() {
    for (sampler, sent) in [(Sampler::AlwaysOff, "-0"), (Sampler::AlwaysOn, "-1")] {
        for received in ["0", "1"] {
            assert!(through_span(sampler.clone(), received).ends_with(sent));
        }
    }
    assert!(through_span(Sampler::AlwaysOff, "d").ends_with("-0"));
}

#[test]
fn debug_state_of_a_trace_is_passed_on_whatever_the_sampler_says() {
    let received = format!("{TRACE_ID}-{SPAN_ID}-d");

    assert!(through_span(Sampler::AlwaysOff, &received).ends_with("-d"));
}

#[test]
fn decision_without_a_trace_is_not_a_parent_to_samplers_of_the_specification() {
    let root = || ParentBasedSampler::new(Sampler::AlwaysOn);

    assert!(through_span(root(), "0").ends_with("-1"));
    let undecided = root().with_remote_parent_not_sampled(Sampler::AlwaysOn);
    let received = format!("{TRACE_ID}-{SPAN_ID}");
    assert!(through_span(undecided, &received).ends_with("-1"));
}

#[test]
fn without_an_sdk_everything_is_passed_on_as_it_came() {
    for state in ["-0", "-1", "-d", ""] {
        let received = headers(&[("b3", &format!("{TRACE_ID}-{SPAN_ID}{state}"))]);
        let context = B3Propagator::new().extract_with_context(&Context::new(), &received);
        assert_eq!(inject(&B3Propagator::new(), &context), received);
    }
    for state in ["0", "1", "d"] {
        let received = headers(&[("b3", state)]);
        let context = B3Propagator::new().extract_with_context(&Context::new(), &received);
        assert_eq!(inject(&B3Propagator::new(), &context), received);
    }
}

#[test]
fn decision_without_a_trace_does_not_hide_a_parent() {
    let traceparent = format!("00-{TRACE_ID}-{SPAN_ID}-01");
    let received = headers(&[("traceparent", &traceparent), ("b3", "0")]);
    let propagator = CompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(B3Propagator::new()),
    ]);

    let context = propagator.extract_with_context(&Context::new(), &received);

    assert_eq!(
        inject(&propagator, &context),
        headers(&[
            ("traceparent", &traceparent),
            ("b3", &format!("{TRACE_ID}-{SPAN_ID}-1")),
        ])
    );
}

#[test]
fn extraction_again_forgets_what_the_first_one_kept() {
    let propagator = B3Propagator::new();
    let [debug, accept] =
        ["d", "1"].map(|state| headers(&[("b3", &format!("{TRACE_ID}-{SPAN_ID}-{state}"))]));

    let first = propagator.extract_with_context(&Context::new(), &debug);
    let second = propagator.extract_with_context(&first, &accept);

    assert_eq!(inject(&propagator, &second), accept);
}

#[test]
fn nothing_valid_changes_and_injects_nothing() {
    let received = headers(&[("b3", "garbage"), ("x-b3-sampled", "garbage")]);

    let context = B3Propagator::new().extract_with_context(&Context::new(), &received);

    assert!(!context.has_active_span());
    assert_eq!(inject(&B3Propagator::new(), &context), HashMap::new());
    assert_eq!(
        inject(&B3Propagator::multiple_headers(), &context),
        HashMap::new()
    );
}

/// Extracts, starts a child span, and injects it.
fn through_span(sampler: impl ShouldSample + 'static, received: &str) -> String {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let propagator = B3Propagator::new();
    let remote = propagator.extract_with_context(&Context::new(), &headers(&[("b3", received)]));
    let span = provider.tracer("test").start_with_context("child", &remote);
    let mut sent = inject(&propagator, &remote.with_span(span));
    sent.remove("b3").unwrap_or_default()
}

fn inject(propagator: &impl TextMapPropagator, context: &Context) -> HashMap<String, String> {
    let mut sent = HashMap::new();
    propagator.inject_context(context, &mut sent);
    sent
}

fn headers(lines: &[(&str, &str)]) -> HashMap<String, String> {
    lines
        .iter()
        .map(|(name, line)| ((*name).to_owned(), (*line).to_owned()))
        .collect()
}

const TRACE_ID: &str = "80f198ee56343ba864fe8b2a57d3eff7";
const SPAN_ID: &str = "e457b5a2e4d86bd1";
