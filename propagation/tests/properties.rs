//! Properties that hold for any input.

use std::{collections::BTreeMap, process::Command};

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::{
    Context, KeyValue,
    baggage::{Baggage, BaggageExt, KeyValueMetadata},
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use otel_propagation::{
    B3Propagator, BaggagePropagator, CompositePropagator, EnvironmentExtractor,
    EnvironmentInjector, HeaderExtractor, HeaderInjector, JaegerPropagator, MessageExtractor,
    MessageInjector, TraceContextPropagator, XrayPropagator,
};
use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn trace_context_comes_back_as_it_was_sent(span_context in span_context()) {
        let context = Context::new().with_remote_span_context(span_context.clone());

        let back = forwarded(&TraceContextPropagator::new(), &context);

        let span = back.span();
        prop_assert_eq!(span.span_context(), &span_context);
    }

    #[test]
    fn any_valid_tracestate_is_sent_as_it_came(members in vec(LEVEL_2_MEMBER, 1..=32)) {
        let list = members.join(",");
        let mut received = HeaderMap::new();
        received.insert("traceparent", HeaderValue::from_static(PARENT));
        received.insert("tracestate", HeaderValue::from_str(&list)?);

        let sent = through(&TraceContextPropagator::new(), &received);

        prop_assert_eq!(sent.get("tracestate"), Some(&HeaderValue::from_str(&list)?));
    }

    #[test]
    fn baggage_comes_back_as_it_was_sent(
        members in vec((TOKEN, any::<String>(), PROPERTIES), 0..=64)
    ) {
        let baggage: Baggage = members
            .into_iter()
            .map(|(key, value, properties)| KeyValueMetadata::new(key, value, properties))
            .collect();
        let context = Context::new().with_baggage(baggage);

        let back = forwarded(&BaggagePropagator::new(), &context);

        // Encoding at most triples a value, so these are far below the limit of 8192 bytes.
        prop_assert_eq!(sorted(back.baggage()), sorted(context.baggage()));
    }

    #[test]
    fn baggage_is_never_over_the_limits(sizes in vec(0..9000_usize, 0..70)) {
        let members = sizes
            .iter()
            .enumerate()
            .map(|(number, size)| KeyValue::new(format!("k{number}"), "\"".repeat(*size)));
        let context = Context::new().with_baggage(members.collect::<Baggage>());

        let mut sent = HeaderMap::new();
        BaggagePropagator::new().inject_context(&context, &mut HeaderInjector(&mut sent));

        prop_assert!(sent.get("baggage").is_none_or(|line| line.len() <= 8192));
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(lines in vec((0..NAMES.len(), vec(any::<u8>(), 0..200)), 0..8)) {
        let mut received = HeaderMap::new();
        for (name, bytes) in lines {
            if let Ok(line) = HeaderValue::from_bytes(&bytes) {
                received.append(NAMES[name], line);
            }
        }
        through(&all(), &received);
    }

    #[test]
    fn arbitrary_bytes_in_other_formats_do_not_panic(
        lines in vec((0..OTHER_NAMES.len(), vec(any::<u8>(), 0..100)), 0..8)
    ) {
        let mut received = HeaderMap::new();
        for (name, bytes) in lines {
            if let Ok(line) = HeaderValue::from_bytes(&bytes) {
                received.append(OTHER_NAMES[name], line);
            }
        }
        through(&CompositePropagator::new(others()), &received);
    }

    #[test]
    fn other_formats_bring_back_what_was_sent(
        trace_id in 1..=u128::MAX, span_id in 1..=u64::MAX, sampled: bool
    ) {
        let sent = SpanContext::new(
            TraceId::from(trace_id),
            SpanId::from(span_id),
            TraceFlags::default().with_sampled(sampled),
            true,
            TraceState::NONE,
        );
        let context = Context::new().with_remote_span_context(sent.clone());

        for propagator in others() {
            let back = forwarded(&*propagator, &context);
            let span = back.span();
            prop_assert_eq!(span.span_context(), &sent);
        }
    }

    #[test]
    fn other_formats_take_what_they_wrote_as_it_stands(
        b3 in "[0-9a-f]{15,17}-?[0-9a-f]{15,17}-?[01dx]?-?([0-9a-f]{16})?",
        jaeger in "[0-9a-f]{0,33}(:|%3A)[0-9a-f]{0,17}:[0-9a-f]{0,3}:[0-9a-f]{0,3}",
        xray in "(Root=1-[0-9a-f]{8}-[0-9a-f]{23,24};? ?|Parent=[0-9a-f]{16};?|Sampled=[01?x];?){1,4}",
    ) {
        let mut received = HeaderMap::new();
        received.insert("b3", HeaderValue::try_from(b3)?);
        received.insert("uber-trace-id", HeaderValue::try_from(jaeger)?);
        received.insert("x-amzn-trace-id", HeaderValue::try_from(xray)?);
        for propagator in others() {
            let sent = through(&*propagator, &received);
            prop_assert_eq!(&through(&*propagator, &sent), &sent);
        }
    }

    #[test]
    fn almost_valid_headers_do_not_panic(
        traceparent in "[ -]?[0-9a-f]{2}.[0-9a-fA-F]{30,34}.[0-9a-f]{15,17}.[0-9a-f]{2}.?",
        tracestate in r"([a-z@]{0,4}[=, ;\t]?[a-zé=]{0,3}[, \t]?){0,40}",
        baggage in r"([a-z%]{0,4}[=, ;\t]?[a-zé=%0-9]{0,3}[;, \t]?){0,80}",
    ) {
        let mut received = HeaderMap::new();
        for (name, line) in NAMES.iter().zip([traceparent, tracestate, baggage]) {
            if let Ok(line) = HeaderValue::try_from(line) {
                received.append(HeaderName::from_static(name), line);
            }
        }
        let sent = through(&all(), &received);

        // Another service accepts unchanged whatever is sent.
        prop_assert_eq!(&through(&all(), &sent), &sent);
    }
}

#[test]
fn huge_headers_are_read_in_linear_time() {
    const SIZE: usize = 4 << 20;
    let patterns = [
        ",", ";", "=", "a=1,", "a=1;", " ", "%", "%FF", "a", "a@@=1,", "-",
    ];
    for pattern in patterns {
        let huge = pattern.repeat(SIZE / pattern.len());
        for name in NAMES {
            let mut received = HeaderMap::new();
            received.insert("traceparent", HeaderValue::from_static(PARENT));
            received.append(name, HeaderValue::try_from(huge.as_str()).unwrap());
            received.append("baggage", HeaderValue::from_static("last=1"));
            // Anything quadratic would take hours.
            let sent = through(&all(), &received);
            assert!(
                sent.values().all(|line| line.len() <= 32 * 514),
                "{name}: {pattern:?}"
            );
        }
    }
}

#[test]
fn huge_headers_of_other_formats_are_read_in_linear_time() {
    const SIZE: usize = 1 << 20;
    for pattern in [
        "-", ":", ";", "=", "%", "+", " ", "0", "1:", "%3A", "Root=1;",
    ] {
        let huge = HeaderValue::try_from(pattern.repeat(SIZE / pattern.len())).unwrap();
        for name in OTHER_NAMES {
            let received = HeaderMap::from_iter([(HeaderName::from_static(name), huge.clone())]);
            for propagator in others() {
                let sent = through(&*propagator, &received);
                assert_eq!(sent, HeaderMap::new(), "{name}: {pattern:?}");
            }
        }
    }
}

#[test]
fn many_lines_are_read_in_linear_time() {
    for name in NAMES {
        let mut received = HeaderMap::new();
        for _ in 0..50_000 {
            received.append(name, HeaderValue::from_static("a"));
        }
        assert_eq!(through(&all(), &received), HeaderMap::new());
    }
}

#[test]
fn many_headers_of_a_message_are_read_in_linear_time() {
    let other = |number| format!("uberctx-k{number}");
    let mut headers: Vec<_> = (0..100_000)
        .map(|number| (other(number), "a".to_owned()))
        .collect();
    headers.extend(NAMES.iter().flat_map(|name| {
        let header = ((*name).to_owned(), "a".to_owned());
        std::iter::repeat_n(header, 100_000)
    }));
    for propagator in others().into_iter().chain([Box::new(all()) as Box<_>]) {
        let context = propagator.extract_with_context(&Context::new(), &MessageExtractor(&headers));
        propagator.inject_context(&context, &mut MessageInjector(&mut headers));
        assert!(context.baggage().len() <= 64);
    }
}

proptest! {
    #[test]
    fn carriers_bring_back_what_was_sent(span_context in span_context(), value: String) {
        let baggage = [KeyValue::new("key", value)];
        let context = Context::new()
            .with_remote_span_context(span_context)
            .with_baggage(baggage);
        let propagator = all();
        let mut list = Vec::<(String, Vec<u8>)>::new();
        propagator.inject_context(&context, &mut MessageInjector(&mut list));
        let mut map = BTreeMap::<String, String>::new();
        propagator.inject_context(&context, &mut MessageInjector(&mut map));
        let mut command = Command::new("worker");
        propagator.inject_context(&context, &mut EnvironmentInjector(&mut command));
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));

        let environment = EnvironmentExtractor::new(variables);
        let carriers: [&dyn Extractor; 3] =
            [&MessageExtractor(&list), &MessageExtractor(&map), &environment];
        for carrier in carriers {
            let back = propagator.extract_with_context(&Context::new(), carrier);
            let [back_span, span] = [back.span(), context.span()];
            prop_assert_eq!(back_span.span_context(), span.span_context());
            prop_assert_eq!(sorted(back.baggage()), sorted(context.baggage()));
        }
    }
}

fn span_context() -> impl Strategy<Value = SpanContext> {
    let members = vec((LEVEL_1_KEY, VALUE), 0..=32);
    (1..=u128::MAX, 1..=u64::MAX, 0..=3_u8, members).prop_map(
        |(trace_id, span_id, flags, members)| {
            SpanContext::new(
                TraceId::from(trace_id),
                SpanId::from(span_id),
                TraceFlags::new(flags),
                true,
                TraceState::from_key_value(members).unwrap_or_default(),
            )
        },
    )
}

fn all() -> CompositePropagator {
    CompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

fn others() -> Vec<Box<dyn TextMapPropagator + Send + Sync>> {
    vec![
        Box::new(B3Propagator::new()),
        Box::new(B3Propagator::multiple_headers()),
        Box::new(JaegerPropagator::new()),
        Box::new(XrayPropagator::new()),
    ]
}

/// Injects and extracts again.
fn forwarded(propagator: &dyn TextMapPropagator, context: &Context) -> Context {
    let mut headers = HeaderMap::new();
    propagator.inject_context(context, &mut HeaderInjector(&mut headers));
    propagator.extract_with_context(&Context::new(), &HeaderExtractor(&headers))
}

/// Extracts and injects again.
fn through(propagator: &dyn TextMapPropagator, received: &HeaderMap) -> HeaderMap {
    let context = propagator.extract_with_context(&Context::new(), &HeaderExtractor(received));
    let mut sent = HeaderMap::new();
    propagator.inject_context(&context, &mut HeaderInjector(&mut sent));
    sent
}

fn sorted(baggage: &Baggage) -> Vec<(String, String, String)> {
    let mut members: Vec<_> = baggage
        .iter()
        .map(|(key, (value, properties))| {
            (key.to_string(), value.to_string(), properties.to_string())
        })
        .collect();
    members.sort();
    members
}

const NAMES: [&str; 3] = ["traceparent", "tracestate", "baggage"];
const OTHER_NAMES: [&str; 7] = [
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-flags",
    "uber-trace-id",
    "uberctx-key",
    "x-amzn-trace-id",
];
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-03";

const LEVEL_1_KEY: &str = "[a-z0-9][a-z0-9_*/-]{0,20}(@[a-z0-9][a-z0-9_*/-]{0,12})?";
const VALUE: &str = "[ -+.-<>-~-]{0,20}[!-+.-<>-~-]";
const LEVEL_2_MEMBER: &str = "[a-z0-9][a-z0-9_*/@-]{0,20}=[ -+.-<>-~-]{0,20}[!-+.-<>-~-]";
const TOKEN: &str = "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}";
const PROPERTIES: &str = "([a-z]{1,4}(=[a-z%0-9]{1,4})?(;[a-z]{1,4}){0,2})?";
