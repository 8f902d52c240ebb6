//! Events as log records.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::fmt;

use opentelemetry::Context;
use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::logs::SdkLogRecord;
use otel_tracing_bridge::{OtelSpanExt, RecordLayer, SpanLayer, record_panics};
use support::Exported;
use tracing::{error, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;

/// The records of `work` under both layers with their defaults.
fn records(work: impl FnOnce(&Exported)) -> Vec<SdkLogRecord> {
    records_with(|layer| layer, work)
}

fn records_with(
    configure: impl FnOnce(RecordLayer) -> RecordLayer,
    work: impl FnOnce(&Exported),
) -> Vec<SdkLogRecord> {
    let exported = Exported::new();
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(exported.traces.clone()))
        .with(configure(RecordLayer::new(&exported.logs)));
    tracing::subscriber::with_default(subscriber, || work(&exported));
    let records = exported.records().into_iter();
    records.map(|record| record.record).collect()
}

fn only(records: Vec<SdkLogRecord>) -> SdkLogRecord {
    let [record] = <[SdkLogRecord; 1]>::try_from(records).unwrap();
    record
}

fn attributes(record: &SdkLogRecord) -> Vec<(&str, AnyValue)> {
    let attributes = record.attributes_iter();
    attributes
        .map(|(key, value)| (key.as_str(), value.clone()))
        .collect()
}

fn text(text: &'static str) -> AnyValue {
    AnyValue::from(text)
}

#[test]
fn an_event_is_a_record() {
    let line = line!() + 2;
    let record = only(records(|_| {
        warn!(plan = "free", id = 7_u64, largest = u64::MAX, rate = 0.5, shown = %1, is_new = true, "looked {}", "up");
    }));
    assert_eq!(record.body(), Some(&text("looked up")));
    assert_eq!(record.severity_number(), Some(Severity::Warn));
    assert_eq!(record.severity_text(), Some("WARN"));
    assert_eq!(record.target().unwrap(), "records");
    assert_eq!(record.event_name(), None);
    assert_eq!(record.trace_context(), None);
    assert!(record.timestamp().is_some());
    assert_eq!(record.timestamp(), record.observed_timestamp());
    assert_eq!(
        attributes(&record),
        [
            ("plan", text("free")),
            ("id", AnyValue::Int(7)),
            ("largest", AnyValue::from(u64::MAX.to_string())),
            ("rate", AnyValue::Double(0.5)),
            ("shown", text("1")),
            ("is_new", AnyValue::Boolean(true)),
            ("code.file.path", text("tracing-bridge/tests/records.rs")),
            ("code.line.number", AnyValue::Int(line.into())),
        ]
    );
    let record = only(records_with(
        |layer| layer.location(false),
        |_| info!("here"),
    ));
    assert_eq!(attributes(&record), []);
}

#[test]
fn an_error_is_an_exceptions_message() {
    let record = only(records_with(
        |layer| layer.location(false),
        |_| {
            let error: &(dyn std::error::Error + 'static) = &fmt::Error;
            error!(error, "failed");
        },
    ));
    let message = text("an error occurred when formatting an argument");
    assert_eq!(attributes(&record), [("exception.message", message)]);
}

#[test]
fn ids_are_those_of_the_current_context_or_the_events_parent() {
    let mut expected = Vec::new();
    let records = records(|exported| {
        let tracer = exported.traces.tracer("api");
        let elsewhere = info_span!("elsewhere");
        tracer.in_span("api", |context| {
            info!("in the API's");
            expected.push(context.span().span_context().clone());
            let inside = info_span!("inside").entered();
            info!("in tracing's");
            expected.push(inside.context().span().span_context().clone());
            info!(parent: &elsewhere, "elsewhere");
            expected.push(elsewhere.context().span().span_context().clone());
        });
    });
    let ids: Vec<_> = records
        .iter()
        .map(|it| it.trace_context().unwrap())
        .collect();
    assert_eq!(ids.len(), 3);
    for (ids, expected) in ids.into_iter().zip(expected) {
        assert_eq!(ids.trace_id, expected.trace_id());
        assert_eq!(ids.span_id, expected.span_id());
        assert_eq!(ids.trace_flags, Some(expected.trace_flags()));
    }
}

#[test]
fn suppressed_events_and_the_sdks_own_are_left_out() {
    let records = records(|_| {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        info!("suppressed");
        drop(_suppressed);
        error!(target: "opentelemetry_sdk", "of the SDK");
    });
    assert_eq!(records, []);
}

#[test]
fn events_can_be_chosen() {
    let chosen = |layer: RecordLayer| layer.filter(|metadata| metadata.target() == "chosen");
    let records = records_with(chosen, |_| {
        info!("not this");
        info!(target: "chosen", "this");
    });
    assert_eq!(only(records).body(), Some(&text("this")));
}

/// Only this test panics on purpose, because the panic hook is global.
#[test]
fn a_panic_is_a_record() {
    let exported = Exported::new();
    record_panics(&exported.logs);
    let mut ids = None;
    let tracer = exported.traces.tracer("api");
    let line = line!() + 4;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tracer.in_span("work", |context| {
            ids = Some(context.span().span_context().clone());
            panic!("no {}", "stock");
        });
    }));
    assert!(panicked.is_err());
    let records = exported.records();
    let records = records.into_iter().map(|it| it.record);
    let is_it = |it: &SdkLogRecord| it.body() == Some(&text("panicked: no stock"));
    let record = only(records.filter(is_it).collect());
    assert_eq!(record.severity_text(), Some("ERROR"));
    let found = record.trace_context().unwrap();
    let expected = ids.unwrap();
    assert_eq!(
        (found.trace_id, found.span_id),
        (expected.trace_id(), expected.span_id())
    );
    let mut attributes = attributes(&record);
    let (key, backtrace) = attributes.remove(2);
    assert_eq!(key, "exception.stacktrace");
    let AnyValue::String(backtrace) = backtrace else {
        panic!("{backtrace:?}");
    };
    assert!(
        backtrace.as_str().contains("a_panic_is_a_record"),
        "{backtrace}"
    );
    assert_eq!(
        attributes,
        [
            ("exception.type", text("panic")),
            ("exception.message", text("no stock")),
            ("code.file.path", text("tracing-bridge/tests/records.rs")),
            ("code.line.number", AnyValue::Int(line.into())),
            ("thread.name", text("a_panic_is_a_record")),
        ]
    );
}
