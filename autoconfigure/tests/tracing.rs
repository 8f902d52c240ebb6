//! `tracing` as `init` sets it up, and with the application's own subscriber.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::collections::HashMap;
use std::panic::catch_unwind;

use opentelemetry::{
    global,
    trace::{TraceContextExt, Tracer},
};
use otel_autoconfigure::{ContextSubscriber, Lines, OtelSpanExt};
use otel_instrumentation::{
    HttpServerInstrumentation, Request, ServerConfig, instrumentation_scope,
};
use serde_json::Value;
use support::{Behaviour, Collector, Finished, Roles, attribute, play, run};
use tracing::{Instrument, Span, debug_span, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

const ROLES: Roles = &[
    ("installed", installed),
    ("foreign", foreign),
    ("own", own),
    ("own_foreign", own_foreign),
    ("current", current),
    ("lines", lines),
    ("text_lines", text_lines),
    ("short_lines", short_lines),
    ("no_lines", no_lines),
    ("panicking", panicking),
    ("panicking_unheard", panicking_unheard),
    ("logger", logger),
    ("foreign_extension", foreign_extension),
];

/// Runs a role that exports to a collector.
fn exported(role: &str, variables: &[(&str, &str)]) -> (Collector, Finished) {
    let collector = Collector::start(Behaviour::Accept);
    let mut all = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
    all.extend(variables);
    let finished = run(role, &all);
    (collector, finished)
}

/// HS-39: for both kinds of spans, and whoever has set the subscriber.
#[test]
fn rust_log_adds_spans_and_takes_none_away() {
    play(ROLES);
    let table: [(&str, &[&str], &[&str]); 7] = [
        ("", &["after", "outer"], &["after", "warned"]),
        ("warn", &["after", "outer"], &["warned"]),
        ("error", &["after", "outer"], &[]),
        ("off", &["after", "outer"], &[]),
        ("tracing=off", &["after", "outer"], &[]),
        (
            "warn,shop=debug",
            &["after", "finer", "outer"],
            &["of the shop", "warned"],
        ),
        (
            "debug",
            &["after", "finer", "hidden", "outer"],
            &["after", "of the shop", "quiet", "warned"],
        ),
    ];
    for role in ["installed", "foreign", "own", "own_foreign"] {
        for (directives, spans, records) in table {
            let (collector, finished) = exported(role, &[("RUST_LOG", directives)]);
            let received = collector.received();
            let mut names: Vec<_> = received.spans().map(|(_, span)| &span.name).collect();
            names.sort();
            assert_eq!(names, spans, "{role} {directives:?}");
            let mut bodies = received.bodies();
            bodies.sort();
            assert_eq!(bodies, records, "{role} {directives:?} {finished:#?}");
            // The context that a call of the innermost span sends.
            let inner = finished.value("traceparent").split('-').nth(2).unwrap();
            let is_inner = |span: &opentelemetry_proto::tonic::trace::v1::Span| {
                let id: String = span
                    .span_id
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                id == inner
            };
            assert!(
                received.spans().any(|(_, span)| is_inner(span)),
                "{role} {directives:?}"
            );
        }
    }
}

/// Spans and events of all levels, and between them the question whether an event is enabled,
/// without an event: sqlx asks this after each query.
fn work() {
    let ask = || {
        let _ = log::log_enabled!(target: "sqlx::query", log::Level::Debug);
    };
    ask();
    info_span!("outer").in_scope(|| {
        debug_span!("hidden").in_scope(|| tracing::debug!("quiet"));
        debug_span!(target: "shop::orders", "finer").in_scope(|| {
            tracing::debug!(target: "shop::orders", "of the shop");
            tracing::warn!("warned");
            ask();
            info_span!("after").in_scope(|| {
                ask();
                info!("after");
                let mut headers = std::collections::HashMap::<String, String>::new();
                global::get_text_map_propagator(|propagator| propagator.inject(&mut headers));
                println!("traceparent: {}", headers["traceparent"]);
            });
        });
    });
}

fn installed() {
    let _telemetry = otel_autoconfigure::init().unwrap();
    work();
}

fn foreign() {
    let builder = otel_autoconfigure::builder().with_tracing_opentelemetry();
    let _telemetry = builder.init().unwrap();
    work();
}

/// As in the README. Without `RUST_LOG`, `EnvFilter` lets only errors through.
fn own() {
    let telemetry = otel_autoconfigure::builder()
        .default_service_name("orders")
        .without_subscriber()
        .init()
        .unwrap();
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    let subscriber = tracing_subscriber::registry()
        .with(filter.from_env_lossy())
        .with(telemetry.layer())
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    ContextSubscriber::new(subscriber).init();
    work();
}

/// The filter is for the lines only, and takes nothing away from other layers.
fn own_foreign() {
    let telemetry = otel_autoconfigure::builder()
        .without_subscriber()
        .with_tracing_opentelemetry()
        .init()
        .unwrap();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(tracing_subscriber::Layer::with_filter(
            lines,
            EnvFilter::from_default_env(),
        ))
        .with(telemetry.layer())
        .init();
    work();
}

#[test]
fn the_current_span_goes_with_a_task() {
    play(ROLES);
    let (collector, finished) = exported("current", &[]);
    let received = collector.received();
    let server = received.span("server");
    assert_eq!(attribute(&server.attributes, "order.id").unwrap(), "7");
    assert_eq!(received.span("work").parent_span_id, server.span_id);
    let (record, _) = received.record("in the task");
    assert_eq!(record.span_id, server.span_id);
    assert_eq!(record.trace_id, server.trace_id);
    let line = finished
        .stderr
        .lines()
        .find(|line| line.contains("in the task"));
    let id: String = server
        .span_id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(
        line.unwrap().ends_with(&format!(" span_id={id}")),
        "{finished:#?}"
    );
    assert_eq!(received.spans().count(), 2);
}

#[tokio::main]
async fn current() {
    let _telemetry = otel_autoconfigure::init().unwrap();
    let tracer = global::tracer("test");
    let task = tracer.in_span("server", |context| {
        OtelSpanExt::set_attribute(&Span::current(), "order.id", 7);
        let task = async {
            info!("in the task");
            tokio::task::yield_now().await;
            info_span!("work").in_scope(|| ());
        };
        let task = tokio::spawn(task.instrument(Span::current()));
        context.span().end();
        task
    });
    task.await.unwrap();
}

#[test]
fn records_are_as_they_should_be() {
    play(ROLES);
    let (collector, _) = exported("lines", &[]);
    let received = collector.received();
    for (body, scope, expected) in [
        (
            "placed",
            "tracing",
            vec!["order", "code.file.path", "code.line.number"],
        ),
        (
            "by the log crate",
            "shop::stock",
            vec!["code.file.path", "code.line.number"],
        ),
    ] {
        let (record, name) = received.record(body);
        assert_eq!(name, scope);
        assert_ne!(record.time_unix_nano, 0);
        assert_eq!(record.event_name, "");
        let keys: Vec<_> = record.attributes.iter().map(|it| &it.key).collect();
        assert_eq!(keys, expected, "{body}");
        let path = attribute(&record.attributes, "code.file.path").unwrap();
        assert_eq!(path, "autoconfigure/tests/tracing.rs");
    }
}

#[test]
fn lines_are_json_where_there_is_no_terminal() {
    play(ROLES);
    let (_, finished) = exported("lines", &[]);
    let line = finished
        .lines
        .lines()
        .find(|line| line.contains("placed"))
        .unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["message"], "placed");
    assert_eq!(line["fields"], serde_json::json!({"order": 7}));
    let spans = serde_json::json!([{"name": "order", "fields": {"id": 7, "plan": "free"}}]);
    assert_eq!(line["spans"], spans);
    assert_eq!(line["http.route"], "/orders/{id}");
    assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(line["span_id"].as_str().unwrap().len(), 16);

    let mut lines = finished.lines.lines();
    let line = lines.find(|line| line.contains("by the log crate"));
    let line: Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(line["target"], "shop::stock");
    assert_eq!(line.get("fields"), None);
}

#[test]
fn lines_are_what_is_asked_for() {
    play(ROLES);
    let placed = |role| {
        let (_, finished) = exported(role, &[]);
        let mut lines = finished.lines.lines().map(str::to_owned);
        lines.find(|line| line.contains("placed"))
    };
    let line = placed("text_lines").unwrap();
    let expected = "  INFO order{id=7 plan=free}: tracing: placed order=7 trace_id=";
    assert!(line.contains(expected), "{line}");
    let line = placed("short_lines").unwrap();
    assert!(
        line.contains("  INFO order: tracing: placed order=7 trace_id="),
        "{line}"
    );
    assert_eq!(placed("no_lines"), None);
}

fn write_lines(builder: otel_autoconfigure::Builder) {
    let _telemetry = builder.init().unwrap();
    let server =
        HttpServerInstrumentation::new(instrumentation_scope("shop", "1.0.0"), ServerConfig::new());
    let headers = HashMap::<String, String>::new();
    let request = Request::new("GET", "/orders/7", &headers).template("/orders/{id}");
    let operation = server.start(&request);
    operation.run(|| {
        info_span!("order", id = 7, plan = "free").in_scope(|| info!(order = 7, "placed"));
    });
    operation.finish();
    log::info!(target: "shop::stock", "by the log crate");
}

fn lines() {
    write_lines(otel_autoconfigure::builder());
}

fn text_lines() {
    write_lines(otel_autoconfigure::builder().lines(Lines::Text));
}

fn short_lines() {
    let _telemetry = otel_autoconfigure::builder()
        .lines(Lines::Text)
        .configure_lines(|line| line.span_fields(false))
        .init()
        .unwrap();
    info_span!("order", id = 7).in_scope(|| info!(order = 7, "placed"));
}

fn no_lines() {
    write_lines(otel_autoconfigure::builder().lines(Lines::Off));
}

#[test]
fn panics_are_records_unless_that_is_switched_off() {
    play(ROLES);
    let (collector, finished) = exported("panicking", &[]);
    let received = collector.received();
    let (record, scope) = received.record("panicked: no stock");
    assert_eq!(scope, "panic");
    assert_eq!(record.severity_text, "ERROR");
    let span = received.span("order");
    assert_eq!(record.span_id, span.span_id);
    assert_eq!(span.status.as_ref().unwrap().code, 2);
    assert_eq!(attribute(&span.attributes, "error.type").unwrap(), "panic");
    let backtrace = attribute(&record.attributes, "exception.stacktrace").unwrap();
    assert!(backtrace.contains("panicking"), "{backtrace}");
    // What is written during a panic is still written.
    assert!(finished.lines.contains("no stock"), "{finished:#?}");

    let (collector, finished) = exported("panicking_unheard", &[]);
    assert_eq!(collector.received().bodies(), [""; 0]);
    assert!(finished.lines.contains("no stock"), "{finished:#?}");
}

fn panic_with(builder: otel_autoconfigure::Builder) {
    let _telemetry = builder.init().unwrap();
    let work = || info_span!("order").in_scope(|| panic!("no {}", "stock"));
    assert!(catch_unwind(work).is_err());
}

fn panicking() {
    panic_with(otel_autoconfigure::builder());
}

fn panicking_unheard() {
    panic_with(otel_autoconfigure::builder().record_panics(false));
}

#[test]
fn a_logger_that_was_there_before_is_named() {
    play(ROLES);
    let (collector, finished) = exported("logger", &[]);
    let [warning] = finished.warnings()[..] else {
        panic!("{finished:#?}");
    };
    assert!(
        warning.contains("the log crate has a logger already"),
        "{warning}"
    );
    let received = collector.received();
    let (_, scope) = received.record("by tracing");
    assert_eq!(scope, "tracing");
    assert_eq!(finished.value("kept"), "by the log crate");
}

fn logger() {
    struct Kept;

    impl log::Log for Kept {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            if record.target() == "shop" {
                println!("kept: {}", record.args());
            }
        }

        fn flush(&self) {}
    }

    log::set_boxed_logger(Box::new(Kept)).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let _telemetry = otel_autoconfigure::init().unwrap();
    log::info!(target: "shop", "by the log crate");
    info!("by tracing");
}

#[test]
fn the_extension_of_tracing_opentelemetry_works_where_it_was_asked_for() {
    play(ROLES);
    let (collector, _) = exported("foreign_extension", &[]);
    let received = collector.received();
    let span = received.span("work");
    assert_eq!(attribute(&span.attributes, "order.id").unwrap(), "7");
    assert_eq!(span.parent_span_id, received.span("api").span_id);
}

fn foreign_extension() {
    let builder = otel_autoconfigure::builder().with_tracing_opentelemetry();
    let _telemetry = builder.init().unwrap();
    global::tracer("test").in_span("api", |context| {
        let span = info_span!(parent: None, "work");
        OpenTelemetrySpanExt::set_parent(&span, context).unwrap();
        OpenTelemetrySpanExt::set_attribute(&span, "order.id", 7);
        span.in_scope(|| ());
    });
}
