//! The trace context propagator over HTTP headers.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::process::Command;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use otel_propagation::{
    EnvironmentInjector, HeaderExtractor, HeaderInjector, MessageInjector, TraceContextPropagator,
};

#[test]
fn extraction_continues_a_trace() {
    let context = extract(
        &Context::new(),
        &[
            (
                "traceparent",
                "00-12345678901234567890123456789012-1234567890123456-03",
            ),
            ("tracestate", "foo=1,bar=2"),
        ],
    );

    assert_eq!(
        context.span().span_context(),
        &SpanContext::new(
            TraceId::from(0x1234_5678_9012_3456_7890_1234_5678_9012),
            SpanId::from(0x1234_5678_9012_3456),
            TraceFlags::new(3),
            true,
            TraceState::from_key_value([("foo", "1"), ("bar", "2")]).unwrap(),
        )
    );
}

/// Headers that were copied with a request belong to the parent that is replaced.
#[test]
fn injection_of_a_parent_without_a_list_takes_the_old_list_away() {
    let old = [
        ("traceparent", OTHER_PARENT),
        ("tracestate", "a=1"),
        ("tracestate", "b=2"),
    ];
    let context = extract(&Context::new(), &[("traceparent", PARENT)]);

    let mut headers = HeaderMap::new();
    for (name, line) in old {
        headers.append(name, HeaderValue::from_static(line));
    }
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(&mut headers));
    assert_eq!(headers.len(), 1);
    assert_eq!(headers["traceparent"], PARENT);

    let mut message: Vec<_> = old
        .map(|(name, line)| (name.to_owned(), line.to_owned()))
        .into();
    TraceContextPropagator::new().inject_context(&context, &mut MessageInjector(&mut message));
    assert_eq!(message, [owned(("traceparent", PARENT))]);

    let mut command = Command::new("worker");
    command.envs([("TRACEPARENT", OTHER_PARENT), ("TRACESTATE", "a=1")]);
    TraceContextPropagator::new().inject_context(&context, &mut EnvironmentInjector(&mut command));
    let variables = [
        ("TRACEPARENT".as_ref(), Some(PARENT.as_ref())),
        ("TRACESTATE".as_ref(), None),
    ];
    assert!(command.get_envs().eq(variables));
}

#[test]
fn injection_of_nothing_leaves_what_is_there() {
    let mut headers = HeaderMap::new();
    headers.append("traceparent", HeaderValue::from_static(OTHER_PARENT));
    headers.append("tracestate", HeaderValue::from_static("a=1"));
    let before = headers.clone();
    TraceContextPropagator::new()
        .inject_context(&Context::new(), &mut HeaderInjector(&mut headers));
    assert_eq!(headers, before);
}

#[test]
fn extraction_without_a_single_valid_traceparent_changes_nothing() {
    let before = extract(
        &Context::new(),
        &[("traceparent", PARENT), ("tracestate", "a@@b=1")],
    );
    let cases: [&[(&str, &str)]; 8] = [
        &[],
        &[("tracestate", "foo=1")],
        &[("traceparent", "")],
        &[("traceparent", OTHER_PARENT), ("traceparent", OTHER_PARENT)],
        &[("traceparent", OTHER_PARENT), ("traceparent", "")],
        &[("traceparent", OTHER_PARENT), ("traceparent", "\u{ff}")],
        &[("trace-parent", OTHER_PARENT), ("trace-state", "foo=1")],
        &[("trace.parent", OTHER_PARENT), ("trace.state", "foo=1")],
    ];
    for headers in cases {
        let after = extract(&before, headers);
        assert_eq!(
            after.span().span_context(),
            before.span().span_context(),
            "{headers:?}"
        );
        assert_eq!(
            inject(&after),
            [("traceparent", PARENT), ("tracestate", "a@@b=1")].map(owned),
            "{headers:?}"
        );
    }
}

#[test]
fn second_traceparent_that_is_not_text_is_still_a_second_one() {
    let mut headers = HeaderMap::new();
    headers.append("traceparent", HeaderValue::from_static(PARENT));
    headers.append("traceparent", HeaderValue::from_bytes(b"\xff").unwrap());

    let context = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &HeaderExtractor(&headers));

    assert!(!context.has_active_span());
}

#[test]
fn header_names_are_matched_without_regard_to_case() {
    for (traceparent, tracestate) in [("TraceParent", "TraceState"), ("TRACEPARENT", "TRACESTATE")]
    {
        let headers = [(traceparent, PARENT), (tracestate, "foo=1")];

        assert_eq!(
            inject(&extract(&Context::new(), &headers)),
            [("traceparent", PARENT), ("tracestate", "foo=1")].map(owned)
        );
    }
}

#[test]
fn tracestate_is_forwarded_or_discarded_as_a_whole() {
    let longest_key = "k".repeat(256);
    let cases: [(&[&str], Option<&str>); 11] = [
        (&["foo=1,bar=2"], Some("foo=1,bar=2")),
        (&["foo=1", "", "bar=2,baz=3"], Some("foo=1,bar=2,baz=3")),
        (&[" foo=1 \t,\t, bar= 2"], Some("foo=1,bar= 2")),
        (&["foo=1,foo=2"], Some("foo=1,foo=2")),
        (
            &["foo@@bar=1,ot=th:c;rv:9b8233f7e3a151"],
            Some("foo@@bar=1,ot=th:c;rv:9b8233f7e3a151"),
        ),
        (&["foo@@bar=1", "a=2,@"], None),
        (&["0@a-z0-9_-*/=1 \t , b=2"], Some("0@a-z0-9_-*/=1,b=2")),
        (&[&format!("{longest_key}@=1")], None),
        (&["foo=1", "\u{fffd}"], None),
        (&[""], None),
        (&[","], None),
    ];
    for (lines, expected) in cases {
        let mut headers = vec![("traceparent", PARENT)];
        headers.extend(lines.iter().map(|line| ("tracestate", *line)));
        let mut sent = vec![owned(("traceparent", PARENT))];
        sent.extend(expected.map(|tracestate| owned(("tracestate", tracestate))));

        assert_eq!(
            inject(&extract(&Context::new(), &headers)),
            sent,
            "{lines:?}"
        );
    }
}

#[test]
fn only_known_flags_are_sent_and_always_as_version_00() {
    for (received, sent) in [
        ("00", "00"),
        ("01", "01"),
        ("02", "02"),
        ("fd", "01"),
        ("ff", "03"),
    ] {
        let line = format!("cc-12345678901234567890123456789012-1234567890123456-{received}-x");
        let expected = format!("00-12345678901234567890123456789012-1234567890123456-{sent}");

        assert_eq!(
            inject(&extract(&Context::new(), &[("traceparent", &line)])),
            [owned(("traceparent", &expected))]
        );
    }
}

#[test]
fn nothing_is_injected_without_a_valid_span() {
    assert_eq!(inject(&Context::new()), []);
    assert_eq!(
        inject(&Context::new().with_remote_span_context(SpanContext::NONE)),
        []
    );
}

#[test]
fn extraction_again_forgets_what_the_first_one_kept() {
    let first = [
        (
            "traceparent",
            "00-12345678901234567890123456789012-1234567890123456-02",
        ),
        ("tracestate", "a@@b=1"),
    ];
    let second = [(
        "traceparent",
        "00-12345678901234567890123456789012-1234567890123456-00",
    )];

    let context = extract(&extract(&Context::new(), &first), &second);

    assert_eq!(inject(&context), second.map(owned));
}

#[test]
fn new_trace_below_a_remote_parent_inherits_nothing() {
    let remote = extract(
        &Context::new(),
        &[
            (
                "traceparent",
                "00-12345678901234567890123456789012-1234567890123456-02",
            ),
            ("tracestate", "a@@b=1"),
        ],
    );
    let root = SpanContext::new(
        TraceId::from(0xa),
        SpanId::from(0xb),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );

    assert_eq!(
        inject(&remote.with_remote_span_context(root)),
        [owned((
            "traceparent",
            "00-0000000000000000000000000000000a-000000000000000b-01"
        ))]
    );
}

#[test]
fn changed_tracestate_wins_over_the_incoming_one() {
    let remote = extract(
        &Context::new(),
        &[("traceparent", PARENT), ("tracestate", "a@@b=1,c=2")],
    );
    let span = remote.span();
    let with = |trace_state| {
        let parent = span.span_context();
        remote.with_remote_span_context(SpanContext::new(
            parent.trace_id(),
            parent.span_id(),
            parent.trace_flags(),
            false,
            trace_state,
        ))
    };
    let seen = span.span_context().trace_state();
    assert_eq!(seen.header(), "c=2");

    let unchanged = with(seen.clone());
    assert_eq!(inject(&unchanged)[1], owned(("tracestate", "a@@b=1,c=2")));
    let extended = with(seen.insert("d", "3").unwrap());
    assert_eq!(inject(&extended)[1], owned(("tracestate", "d=3,c=2")));
    let emptied = with(seen.delete("c").unwrap());
    assert_eq!(inject(&emptied), [owned(("traceparent", PARENT))]);
}

#[test]
fn fields_are_what_is_written() {
    assert!(
        TraceContextPropagator::new()
            .fields()
            .eq(["traceparent", "tracestate"])
    );
}

fn extract(context: &Context, lines: &[(&str, &str)]) -> Context {
    let mut headers = HeaderMap::new();
    for (name, line) in lines {
        headers.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::try_from(*line).unwrap(),
        );
    }
    TraceContextPropagator::new().extract_with_context(context, &HeaderExtractor(&headers))
}

fn inject(context: &Context) -> Vec<(String, String)> {
    let mut headers = HeaderMap::new();
    TraceContextPropagator::new().inject_context(context, &mut HeaderInjector(&mut headers));
    headers
        .iter()
        .map(|(name, line)| owned((name.as_str(), line.to_str().unwrap())))
        .collect()
}

fn owned((name, line): (&str, &str)) -> (String, String) {
    (name.to_owned(), line.to_owned())
}

const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";
const OTHER_PARENT: &str = "00-abcdefabcdefabcdefabcdefabcdefab-abcdefabcdefabcd-01";
