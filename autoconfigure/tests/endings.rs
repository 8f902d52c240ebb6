//! How telemetry ends: at once by mistake, or while the receiver is down.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::time::Duration;
use std::time::Instant;

use opentelemetry::global;
use opentelemetry::trace::Tracer;
use support::Behaviour;
use support::Collector;
use support::Roles;
use support::nobody;
use support::play;
use support::run;

const ROLES: Roles = &[
    ("dropped_at_once", dropped_at_once),
    ("kept", kept),
    ("flush", flush),
    ("one_span", one_span),
];

#[test]
fn guard_that_is_not_kept_is_noticed() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
    let finished = run("dropped_at_once", &variables);
    let count = finished.stderr.matches("let _ = init()?").count();
    assert_eq!(count, 1, "{finished:#?}");
    let finished = run("kept", &variables);
    assert!(
        !finished.stderr.contains("let _ = init()?"),
        "{finished:#?}"
    );
}

#[test]
fn flush_says_why_nothing_arrives() {
    play(ROLES);
    let nobody = nobody();
    for protocol in ["grpc", "http/protobuf"] {
        let finished = run(
            "flush",
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_LOGS_EXPORTER", "none"),
            ],
        );
        assert_eq!(
            finished.value("flush"),
            format!("traces: not exported yet, as there is no way to {nobody}: connection refused")
        );
    }
}

#[test]
fn end_is_short_where_there_is_nobody() {
    play(ROLES);
    let nobody = nobody();
    for protocol in ["grpc", "http/protobuf"] {
        let finished = run(
            "one_span",
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ],
        );
        assert!(finished.number("shutdown_ms") < 1_500, "{finished:#?}");
        let expected = "connection refused (exactly 1 span lost)";
        assert!(
            finished.value("shutdown").contains(expected),
            "{finished:#?}"
        );
    }
}

#[test]
fn wrong_endpoint_is_an_error_with_the_whole_url() {
    play(ROLES);
    let collector = Collector::start(Behaviour::NoService);
    let endpoint = format!("{}/wrong", collector.http);
    let finished = run("one_span", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let error = finished.value("shutdown");
    let expected = format!(
        "traces: could not be exported to {endpoint}/v1/traces: 404 Not Found; is \
         OTEL_EXPORTER_OTLP_ENDPOINT right, and OTEL_EXPORTER_OTLP_PROTOCOL? (exactly 1 span lost)"
    );
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn other_protocol_is_told_with_the_variable_that_says_it() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let finished = run(
        "one_span",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ],
    );
    let error = finished.value("shutdown");
    assert!(error.contains("OTEL_EXPORTER_OTLP_PROTOCOL"), "{error}");
}

#[test]
fn summary_says_what_is_sent_where_and_is_not_exported() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let finished = run(
        "one_span",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &collector.grpc),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_TRACES_SAMPLER", "always_on"),
        ],
    );
    assert_eq!(finished.value("shutdown"), "done");
    let summary = format!(
        "INFO otel_autoconfigure: exporting traces to {}/v1/traces (http/protobuf), logs to {} \
         (grpc); traces sampled by AlwaysOn",
        collector.http, collector.grpc
    );
    assert!(finished.stderr.contains(&summary), "{finished:#?}");
    assert_eq!(collector.received().bodies(), [""; 0]);
}

fn dropped_at_once() {
    let _ = otel_autoconfigure::init().unwrap();
}

fn kept() {
    let telemetry = otel_autoconfigure::init().unwrap();
    telemetry.flush().unwrap();
    // As long as a service that starts and stops at once.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    drop(telemetry);
}

fn flush() {
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::from_secs(1))
        .init()
        .unwrap();
    global::tracer("test").in_span("span", |_| {});
    println!("flush: {}", telemetry.flush().unwrap_err());
}

fn one_span() {
    let telemetry = otel_autoconfigure::init().unwrap();
    global::tracer("test").in_span("span", |_| {});
    let start = Instant::now();
    let outcome = telemetry.shutdown();
    println!("shutdown_ms: {}", start.elapsed().as_millis());
    match outcome {
        Ok(()) => println!("shutdown: done"),
        Err(error) => println!("shutdown: {error}"),
    }
}
