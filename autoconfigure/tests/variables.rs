//! The effect of every variable, in the environment of a real process.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::collections::HashMap;

use opentelemetry::{
    KeyValue, SpanId, TraceId, global,
    trace::{Link, Span, SpanContext, TraceContextExt, TraceFlags, TraceState, Tracer},
};
use support::{Behaviour, Collector, Roles, play, run};

const ROLES: Roles = &[("everything", everything)];

/// Names and values.
type Pairs = &'static [(&'static str, &'static str)];

#[test]
fn settings_take_effect() {
    play(ROLES);
    let table: &[(Pairs, Pairs)] = &[
        (
            &[],
            &[
                ("service.name", "own"),
                ("spans", "1"),
                ("attributes", "128"),
                ("events", "128"),
                ("links", "128"),
                ("event attributes", "128"),
                ("link attributes", "128"),
                ("length", "500"),
                ("temporality", "2"),
                ("histogram", "explicit"),
                ("logs", "1"),
                ("fields", "traceparent,tracestate,baggage"),
            ],
        ),
        (
            &[("OTEL_SERVICE_NAME", "shop")],
            &[("service.name", "shop")],
        ),
        (
            &[
                ("OTEL_SERVICE_NAME", "shop"),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.name=list,team=a%2Cb"),
            ],
            &[("service.name", "shop"), ("team", "a,b")],
        ),
        (&[("OTEL_TRACES_SAMPLER", "Always_Off")], &[("spans", "0")]),
        (
            &[
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0"),
            ],
            &[("spans", "0")],
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "none")],
            &[("spans", "0"), ("logs", "1")],
        ),
        (
            &[("OTEL_LOGS_EXPORTER", "NONE")],
            &[("spans", "1"), ("logs", "0")],
        ),
        (
            &[("OTEL_METRICS_EXPORTER", "none")],
            &[("temporality", "none"), ("logs", "1")],
        ),
        (
            &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7")],
            &[
                ("attributes", "7"),
                ("events", "128"),
                ("event attributes", "128"),
            ],
        ),
        (
            &[
                ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1"),
                ("OTEL_SPAN_EVENT_COUNT_LIMIT", "2"),
                ("OTEL_SPAN_LINK_COUNT_LIMIT", "3"),
                ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "4"),
                ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "5"),
            ],
            &[
                ("attributes", "1"),
                ("events", "2"),
                ("links", "3"),
                ("event attributes", "4"),
                ("link attributes", "5"),
            ],
        ),
        (
            &[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20")],
            &[("length", "20")],
        ),
        (
            &[
                ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20"),
                ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "30"),
            ],
            &[("length", "30")],
        ),
        (
            &[("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "DELTA")],
            &[("temporality", "1")],
        ),
        (
            &[(
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                "base2_exponential_bucket_histogram",
            )],
            &[("histogram", "exponential")],
        ),
        (&[("OTEL_PROPAGATORS", "b3")], &[("fields", "b3")]),
        (
            &[
                ("OTEL_SDK_DISABLED", "true"),
                ("OTEL_PROPAGATORS", "b3,baggage"),
            ],
            &[
                ("spans", "0"),
                ("logs", "0"),
                ("temporality", "none"),
                ("fields", "b3,baggage"),
            ],
        ),
        (
            &[("RUST_LOG", "off")],
            &[("logs", "0"), ("spans", "1"), ("tracing spans", "1")],
        ),
        (&[("RUST_LOG", "settings=error")], &[("logs", "0")]),
    ];
    for (variables, expected) in table {
        let effects = effects(variables);
        for (effect, expected) in *expected {
            let found = effects.get(*effect).map(String::as_str);
            assert_eq!(
                found,
                Some(*expected),
                "{effect} {variables:?} {effects:#?}"
            );
        }
    }
}

/// The exports of the process with these variables.
fn effects(variables: &[(&str, &str)]) -> HashMap<String, String> {
    let collector = Collector::start(Behaviour::Accept);
    let mut all = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
    all.extend(variables);
    let finished = run("everything", &all);

    let received = collector.received();
    let mut effects: HashMap<String, String> = received.resources().into_iter().flatten().collect();
    let mut tell = |effect: &str, value: String| effects.insert(effect.to_owned(), value);
    tell("fields", finished.value("fields").to_owned());
    let named = |name| {
        received
            .spans()
            .filter(move |(_, span)| span.name == name)
            .count()
    };
    tell("spans", named("everything").to_string());
    tell("tracing spans", named("by tracing").to_string());
    tell("logs", received.bodies().len().to_string());
    if let Some((_, span)) = received.spans().find(|(_, span)| span.name == "everything") {
        tell("attributes", span.attributes.len().to_string());
        tell("events", span.events.len().to_string());
        tell("links", span.links.len().to_string());
        if let (Some(event), Some(link)) = (span.events.first(), span.links.first()) {
            tell("event attributes", event.attributes.len().to_string());
            tell("link attributes", link.attributes.len().to_string());
        }
        if let Some(length) = support::attribute(&span.attributes, "long") {
            tell("length", length.len().to_string());
        }
    }
    let (temporality, histogram) = received.histogram();
    tell("temporality", temporality);
    tell("histogram", histogram);
    effects
}

/// More of everything than the default limits allow.
fn everything() {
    let telemetry = otel_autoconfigure::builder()
        .default_service_name("own")
        .init()
        .unwrap();
    let attributes = || (0..200).map(|number| KeyValue::new(format!("short-{number}"), "x"));
    let linked = SpanContext::new(
        TraceId::from(1_u128),
        SpanId::from(1_u64),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let tracer = global::tracer("test");
    let links = (0..200).map(|_| Link::new(linked.clone(), attributes().collect(), 0));
    let mut span = tracer
        .span_builder("everything")
        .with_attributes(
            [KeyValue::new("long", "x".repeat(500))]
                .into_iter()
                .chain(attributes()),
        )
        .with_links(links.collect())
        .start(&tracer);
    for _ in 0..200 {
        span.add_event("event", attributes().collect());
    }
    let context = opentelemetry::Context::current_with_span(span);
    let attached = context.clone().attach();
    tracing::info_span!("by tracing").in_scope(|| tracing::info!("log"));
    drop(attached);
    context.span().end();
    global::meter("test")
        .f64_histogram("histogram")
        .build()
        .record(1.0, &[]);
    global::get_text_map_propagator(|propagator| {
        let fields: Vec<_> = propagator.fields().collect();
        println!("fields: {}", fields.join(","));
    });
    telemetry.shutdown().unwrap();
}
