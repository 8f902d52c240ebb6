//! Traces, metrics and logs of one request arrive with one trace id, from every form of `main`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::collections::BTreeSet;

use opentelemetry::{
    global,
    trace::{Tracer, get_active_span},
};
use support::{Behaviour, Collector, Finished, Roles, play, run};

const ROLES: Roles = &[
    ("app_tokio", app_tokio),
    ("app_current_thread", app_current_thread),
    ("app_actix", app_actix),
    ("app_around_a_runtime", app_around_a_runtime),
    ("app_without_a_runtime", app_without_a_runtime),
    ("app_runtime_gone", app_runtime_gone),
    ("app_tracing_opentelemetry", app_tracing_opentelemetry),
];

#[test]
fn grpc_carries_three_signals_with_one_trace_id() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let app = run(
        "app_tokio",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme%20inc"),
        ],
    );
    assert_arrived(&collector, &app);
    assert_paths(&collector, ["grpc/logs", "grpc/metrics", "grpc/traces"]);
    for (path, headers) in &collector.received().exports {
        assert_eq!(headers["x-tenant"], "acme inc", "{path}");
        assert!(!headers.contains_key("grpc-encoding"), "{path}");
    }
}

#[test]
fn http_carries_three_signals_with_one_trace_id() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let app = run(
        "app_tokio",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-tenant=logs"),
        ],
    );
    assert_arrived(&collector, &app);
    assert_paths(&collector, ["/v1/logs", "/v1/metrics", "/v1/traces"]);
    for (path, headers) in &collector.received().exports {
        let tenant = if path == "/v1/logs" { "logs" } else { "acme" };
        assert_eq!(headers["x-tenant"], tenant, "{path}");
        assert!(headers["user-agent"].starts_with("OTel-OTLP-Exporter-Rust/"));
        assert_eq!(headers["content-type"], "application/x-protobuf");
    }
}

#[test]
fn gzip_is_understood_over_both() {
    play(ROLES);
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Behaviour::Accept);
        let endpoint = match protocol {
            "grpc" => &collector.grpc,
            _ => &collector.http,
        };
        let app = run(
            "app_tokio",
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ],
        );
        assert_arrived(&collector, &app);
        for (path, headers) in &collector.received().exports {
            let encoding = headers.get("grpc-encoding");
            let encoding = encoding.or_else(|| headers.get("content-encoding"));
            assert_eq!(encoding.unwrap(), "gzip", "{path}");
        }
    }
}

#[test]
fn each_signal_can_go_its_own_way() {
    play(ROLES);
    let (one, other) = (
        Collector::start(Behaviour::Accept),
        Collector::start(Behaviour::Accept),
    );
    let logs = format!("{}/custom/v1/logs", other.http);
    run(
        "app_tokio",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &one.grpc),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &logs),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ],
    );
    assert_paths(&one, ["grpc/traces"]);
    assert_paths(&other, ["/custom/v1/logs"]);
}

#[test]
fn every_kind_of_main_works() {
    play(ROLES);
    for main in [
        "app_tokio",
        "app_current_thread",
        "app_actix",
        "app_around_a_runtime",
        "app_without_a_runtime",
        "app_runtime_gone",
        "app_tracing_opentelemetry",
    ] {
        for protocol in ["grpc", "http/protobuf"] {
            let collector = Collector::start(Behaviour::Accept);
            let endpoint = match protocol {
                "grpc" => &collector.grpc,
                _ => &collector.http,
            };
            let app = run(
                main,
                &[
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ],
            );
            assert_arrived(&collector, &app);
        }
    }
}

#[test]
fn exporters_do_not_export_what_they_do_themselves() {
    play(ROLES);
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Behaviour::Accept);
        let endpoint = match protocol {
            "grpc" => &collector.grpc,
            _ => &collector.http,
        };
        let app = run(
            "app_tokio",
            &[
                ("RUST_LOG", "trace,opentelemetry=trace"),
                ("OTEL_BLRP_SCHEDULE_DELAY", "1"),
                ("OTEL_BSP_SCHEDULE_DELAY", "1"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "1"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ],
        );
        // The SDK may log. Connections of its exporters are not worth a line.
        assert!(app.stderr.contains("opentelemetry_sdk"), "{app:#?}");
        for target in ["h2::", "hyper_util::", "tower::", "tonic::"] {
            assert!(!app.stderr.contains(target), "{target} {app:#?}");
        }
        assert_arrived(&collector, &app);
    }
}

/// The telemetry of the request of [`work`], and nothing else.
fn assert_arrived(collector: &Collector, app: &Finished) {
    let trace_id = app.value("trace_id");
    let received = collector.received();

    let spans = received.spans();
    let names: BTreeSet<_> = spans.map(|(_, span)| span.name.as_str()).collect();
    assert_eq!(
        names,
        BTreeSet::from(["by opentelemetry", "place order", "request"])
    );
    assert_eq!(received.spans().count(), 3);
    for (_, span) in received.spans() {
        assert_eq!(hex(&span.trace_id), trace_id);
    }
    let request = received.span("request");
    let order = received.span("place order");
    assert_eq!(order.parent_span_id, request.span_id);
    let child = received.span("by opentelemetry");
    assert_eq!(child.parent_span_id, order.span_id);

    let mut bodies = received.bodies();
    bodies.sort();
    assert_eq!(bodies, ["by the log crate", "placed"]);
    for record in received.records() {
        assert_eq!(hex(&record.trace_id), trace_id);
        assert_eq!(record.span_id, order.span_id);
        assert_eq!(record.severity_text, "INFO");
    }

    assert!(
        received
            .metrics()
            .iter()
            .all(|metric| metric.name == "orders")
    );
    assert!(!received.metrics().is_empty());

    for resource in received.resources() {
        assert_eq!(resource["service.name"], "shop");
        assert_eq!(resource["telemetry.sdk.language"], "rust");
    }
    let line = app.stderr.lines().find(|line| line.contains("placed"));
    let line = line.unwrap_or_else(|| panic!("{app:#?}"));
    let ids = format!(" trace_id={trace_id} span_id={}", hex(&order.span_id));
    assert!(line.ends_with(&ids), "{line}");
    assert_eq!(app.warnings(), [""; 0]);
}

fn assert_paths<const N: usize>(collector: &Collector, expected: [&str; N]) {
    let received = collector.received();
    let mut paths: Vec<_> = received.exports.iter().map(|(path, _)| path).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths, expected);
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request, as far as this crate is concerned.
fn work() {
    global::tracer("test").in_span("request", |_| {
        println!(
            "trace_id: {}",
            get_active_span(|span| span.span_context().trace_id())
        );
        place_order();
    });
}

#[tracing::instrument(name = "place order", skip_all)]
fn place_order() {
    tracing::info!(order = 7, "placed");
    log::info!(target: "shop", "by the log crate");
    global::meter("test")
        .u64_counter("orders")
        .build()
        .add(1, &[]);
    global::tracer("test").in_span("by opentelemetry", |_| {});
}

fn init() -> otel_autoconfigure::Telemetry {
    otel_autoconfigure::builder()
        .default_service_name("shop")
        .init()
        .unwrap()
}

#[tokio::main]
async fn app_tokio() {
    let _telemetry = init();
    tokio::spawn(async { work() }).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn app_current_thread() {
    let _telemetry = init();
    work();
}

#[actix_web::main]
async fn app_actix() {
    let _telemetry = init();
    work();
}

fn app_around_a_runtime() {
    let telemetry = init();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { work() });
    telemetry.shutdown().unwrap();
}

fn app_without_a_runtime() {
    let _telemetry = init();
    work();
}

/// Set up on a runtime that ends before the guard.
fn app_runtime_gone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let telemetry = runtime.block_on(async { init() });
    runtime.block_on(async { work() });
    drop(runtime);
    telemetry.shutdown().unwrap();
}

fn app_tracing_opentelemetry() {
    let builder = otel_autoconfigure::builder().default_service_name("shop");
    let _telemetry = builder.with_tracing_opentelemetry().init().unwrap();
    work();
}
