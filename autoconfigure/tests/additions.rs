//! Additions to telemetry: to the resource, to spans and records, and metrics of the export itself.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::collections::BTreeMap;

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::global;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::trace::Tracer;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use otel_autoconfigure::Detected;
use support::Behaviour;
use support::Collector;
use support::Roles;
use support::attribute;
use support::play;
use support::run;

const ROLES: Roles = &[("service", service), ("bare", bare)];

#[test]
fn allowed_baggage_is_copied_and_other_baggage_is_not() {
    play(ROLES);
    let collector = served("service");
    let received = collector.received();
    for name in ["server", "client", "other client"] {
        let attributes = &received.span(name).attributes;
        assert_eq!(
            attribute(attributes, "tenant").as_deref(),
            Some("acme"),
            "{name}"
        );
        assert_eq!(attribute(attributes, "secret"), None, "{name}");
    }
    let [record] = &received.records()[..] else {
        panic!();
    };
    assert_eq!(
        attribute(&record.attributes, "tenant").as_deref(),
        Some("acme")
    );
    assert_eq!(attribute(&record.attributes, "secret"), None);
}

#[test]
fn services_behind_known_addresses_are_named() {
    play(ROLES);
    let collector = served("service");
    let received = collector.received();
    let name = |span| attribute(&received.span(span).attributes, "server.service.name");
    assert_eq!(name("client").as_deref(), Some("payment"));
    assert_eq!(name("other client"), None);
    assert_eq!(name("server"), None);
}

#[test]
fn resource_holds_what_the_operator_injects_unless_it_is_left_out() {
    play(ROLES);
    for (role, expected) in [("service", Some("orders-7f")), ("bare", None)] {
        let collector = served(role);
        let received = collector.received();
        let resources = received.resources();
        let resource = resources.first().unwrap();
        let pod = resource.get("k8s.pod.name").map(String::as_str);
        assert_eq!(pod, expected, "{role}");
        assert_eq!(
            resource.contains_key("host.name"),
            expected.is_some(),
            "{role}"
        );
    }
}

#[test]
fn export_is_measured() {
    play(ROLES);
    let collector = served("service");
    let received = collector.received();
    let mut found = BTreeMap::new();
    for metric in received.all_metrics() {
        let Some(Data::Sum(sum)) = &metric.data else {
            continue;
        };
        for point in &sum.data_points {
            let Some(number_data_point::Value::AsInt(value)) = point.value else {
                continue;
            };
            let error = point
                .attributes
                .iter()
                .find(|found| found.key == "error.type");
            assert!(error.is_none(), "{metric:?}");
            let kind = point
                .attributes
                .iter()
                .find(|found| found.key == "otel.component.type");
            let kind = kind.and_then(|kind| kind.value.as_ref()?.value.clone());
            let Some(Value::StringValue(kind)) = kind else {
                continue;
            };
            found.insert((metric.name.clone(), kind), value);
        }
    }
    let value = |name: &str, kind: &str| found.get(&(name.to_owned(), kind.to_owned())).copied();
    let exporter = "otlp_http_span_exporter";
    let processor = "batching_span_processor";
    assert_eq!(
        value("otel.sdk.exporter.span.exported", exporter),
        Some(3),
        "{found:#?}"
    );
    assert_eq!(value("otel.sdk.exporter.span.inflight", exporter), Some(0));
    assert_eq!(
        value("otel.sdk.processor.span.queue.size", processor),
        Some(0)
    );
    assert_eq!(
        value("otel.sdk.processor.span.queue.capacity", processor),
        Some(2_048)
    );
    assert_eq!(
        value("otel.sdk.processor.span.processed", processor),
        Some(3)
    );
    let log = "otlp_http_log_exporter";
    assert_eq!(value("otel.sdk.exporter.log.exported", log), Some(1));
    let durations = received
        .all_metrics()
        .filter(|metric| metric.name == "otel.sdk.exporter.operation.duration");
    let points = durations.flat_map(|metric| match &metric.data {
        Some(Data::Histogram(histogram)) => &histogram.data_points[..],
        other => panic!("{other:?}"),
    });
    let statuses: Vec<_> = points
        .filter_map(|point| attribute(&point.attributes, "http.response.status_code"))
        .collect();
    assert!(!statuses.is_empty());
    assert!(
        statuses.iter().all(|status| status == "200"),
        "{statuses:?}"
    );
}

fn served(role: &str) -> Collector {
    let collector = Collector::start(Behaviour::Accept);
    run(
        role,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
            ("OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "orders-7f"),
        ],
    );
    collector
}

fn service() {
    let telemetry = otel_autoconfigure::builder()
        .baggage_attributes(["tenant"])
        .peers([("payments.internal", "payment")])
        .init()
        .unwrap();
    let baggage = [
        KeyValue::new("tenant", "acme"),
        KeyValue::new("secret", "x"),
    ];
    let attached = Context::current_with_baggage(baggage).attach();
    let tracer = global::tracer("test");
    let span = tracer.span_builder("server").with_kind(SpanKind::Server);
    let server = Context::current_with_span(span.start(&tracer)).attach();
    tracing::info!("served");
    for (name, address) in [
        ("client", "payments.internal"),
        ("other client", "elsewhere"),
    ] {
        let span = tracer.span_builder(name).with_kind(SpanKind::Client);
        let address = KeyValue::new("server.address", address);
        drop(span.with_attributes([address]).start(&tracer));
    }
    drop((server, attached));
    // The last metrics then count everything else.
    telemetry.tracer_provider().unwrap().force_flush().unwrap();
    telemetry.logger_provider().unwrap().force_flush().unwrap();
    telemetry.shutdown().unwrap();
}

fn bare() {
    let all = [
        Detected::Container,
        Detected::Host,
        Detected::Instance,
        Detected::Kubernetes,
        Detected::OperatingSystem,
        Detected::Process,
    ];
    let telemetry = otel_autoconfigure::builder()
        .without_detected(all)
        .init()
        .unwrap();
    global::tracer("test").in_span("span", |_| {});
    telemetry.shutdown().unwrap();
}
