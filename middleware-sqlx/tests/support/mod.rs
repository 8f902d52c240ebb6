//! An in-memory database, and the telemetry of its queries.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "not every test needs everything, and one that panics has failed"
)]

use std::time::Duration;

use opentelemetry::Value;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_middleware_sqlx::{DatabaseConfig, SqlitePool};
use sqlx::sqlite::SqlitePoolOptions;

/// One connection that stays: in memory, each connection is a database of its own.
pub async fn open() -> sqlx::SqlitePool {
    open_with(SqlitePoolOptions::new()).await
}

pub async fn open_with(options: SqlitePoolOptions) -> sqlx::SqlitePool {
    let pool = options
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    sqlx::raw_sql("CREATE TABLE stock (sku TEXT PRIMARY KEY, name TEXT UNIQUE, left INTEGER)")
        .execute(&pool)
        .await
        .unwrap();
    pool
}

pub async fn pool(capture: &Capture) -> SqlitePool {
    pool_with(capture, config()).await
}

/// Hides the waits for a connection, which most tests are not about.
pub fn config() -> DatabaseConfig {
    DatabaseConfig::new().acquire_threshold(Duration::MAX)
}

pub async fn pool_with(capture: &Capture, config: DatabaseConfig) -> SqlitePool {
    let config = config.providers(capture.providers());
    SqlitePool::with_config(open().await, config)
}

/// Rows to query, which are inserted unrecorded.
pub async fn fill(pool: &SqlitePool) {
    sqlx::raw_sql(
        "INSERT INTO stock VALUES ('A-1', 'nut', 3), ('A-2', 'bolt', 5), ('A-3', 'pin', 7)",
    )
    .execute(pool.inner())
    .await
    .unwrap();
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

pub const DURATION: &str = "db.client.operation.duration";
