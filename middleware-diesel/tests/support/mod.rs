//! An in-memory database, and the telemetry of its queries.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "not every test needs everything, and one that panics has failed"
)]

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_middleware_diesel::{DatabaseConfig, OtelInstrumentation};

diesel::table! {
    stock (sku) {
        sku -> Text,
        name -> Text,
        quantity -> Integer,
    }
}

pub const CREATE: &str =
    "CREATE TABLE stock (sku TEXT PRIMARY KEY, name TEXT UNIQUE, quantity INTEGER)";

/// Three rows, which are inserted unrecorded.
pub fn open() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.batch_execute(CREATE).unwrap();
    connection
        .batch_execute(
            "INSERT INTO stock VALUES ('A-1', 'nut', 3), ('A-2', 'bolt', 5), ('A-3', 'pin', 7)",
        )
        .unwrap();
    connection
}

pub fn connection(capture: &Capture) -> SqliteConnection {
    connection_with(capture, DatabaseConfig::new())
}

pub fn connection_with(capture: &Capture, config: DatabaseConfig) -> SqliteConnection {
    let mut connection = open();
    connection.set_instrumentation(instrumentation(config.providers(capture.providers())));
    connection
}

pub fn instrumentation(config: DatabaseConfig) -> OtelInstrumentation {
    OtelInstrumentation::with_config(config).database_url(":memory:")
}

pub type Attributes = Vec<(String, Value)>;

/// The only span and the only point, which must have the same duration.
pub fn only(capture: &Capture) -> (SpanData, Attributes) {
    let [span] = <[_; 1]>::try_from(capture.spans()).unwrap();
    let [point] = <[_; 1]>::try_from(capture.points(DURATION)).unwrap();
    assert_eq!(point.count, 1);
    let elapsed = span.end_time.duration_since(span.start_time).unwrap();
    assert_eq!(point.sum, elapsed.as_secs_f64());
    (span, point.labels.into_iter().collect())
}

pub fn attributes(span: &SpanData) -> Attributes {
    by_name(&span.attributes)
}

pub fn attribute(span: &SpanData, name: &str) -> Option<Value> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|it| it.key.as_str() == name)?;
    Some(found.value.clone())
}

pub fn names(capture: &Capture) -> Vec<String> {
    let spans = capture.spans().into_iter();
    spans.map(|span| span.name.into_owned()).collect()
}

pub fn measured(capture: &Capture) -> u64 {
    capture.points(DURATION).iter().map(|it| it.count).sum()
}

pub fn pair(name: &str, value: &'static str) -> (String, Value) {
    (name.to_owned(), value.into())
}

/// A request of another service, which the queries belong to, and the id of its span.
pub fn request() -> (Context, SpanId) {
    let id = SpanId::from_bytes([7; 8]);
    let span = SpanContext::new(
        TraceId::from_bytes([7; 16]),
        id,
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    (Context::new().with_remote_span_context(span), id)
}

pub const DURATION: &str = "db.client.operation.duration";
