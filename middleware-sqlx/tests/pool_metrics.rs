//! The metrics of a pool, which are optional.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test that panics has failed"
)]

mod support;

use std::time::Duration;

use otel_instrumentation::testing::{Capture, Point};
use otel_middleware_sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use support::{config, open_with};

#[tokio::test]
async fn nothing_is_measured_unless_it_is_asked_for() {
    let capture = Capture::new();
    let pool = support::pool(&capture).await;
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    assert_eq!(capture.metric_names(), ["db.client.operation.duration"]);
}

#[tokio::test]
async fn connections_are_counted_while_the_pool_is_there() {
    let capture = Capture::new();
    let pool = measured(&capture).await;
    assert_eq!(
        count(&capture),
        [("idle".to_owned(), 1), ("used".to_owned(), 0)]
    );
    let connection = pool.acquire().await.unwrap();
    assert_eq!(
        count(&capture),
        [("idle".to_owned(), 0), ("used".to_owned(), 1)]
    );
    for (name, expected) in [("limit", 1), ("idle.min", 0)] {
        let [point] = &points(&capture, name)[..] else {
            panic!("one point of {name}");
        };
        assert_eq!(labels(point), [("db.client.connection.pool.name", "stock")]);
        assert_eq!(point.sum as i64, expected, "{name}");
    }
    // The metrics themselves keep nothing alive.
    drop(connection);
    drop(pool);
    assert_eq!(count(&capture), []);
}

#[tokio::test]
async fn waits_and_uses_are_measured_however_they_end() {
    let capture = Capture::new();
    let pool = measured(&capture).await;
    let pending = || {
        points(&capture, "pending_requests")
            .first()
            .map(|it| it.sum as i64)
    };
    let held = pool.try_acquire().unwrap();
    let timed_out = pool.acquire().await.unwrap_err();
    assert!(
        matches!(timed_out, sqlx::Error::PoolTimedOut),
        "{timed_out}"
    );
    let mut waiting = Box::pin(pool.begin());
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_eq!(pending(), Some(1));
    // Given up.
    drop(waiting);
    assert_eq!(pending(), Some(0));
    drop(held);
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    let transaction = pool.begin().await.unwrap();
    transaction.commit().await.unwrap();
    drop(pool.acquire().await.unwrap().into_inner());

    for (name, expected) in [("timeouts", 1), ("wait_time", 3), ("use_time", 4)] {
        let [point] = &points(&capture, name)[..] else {
            panic!("one point of {name}");
        };
        assert_eq!(labels(point), [("db.client.connection.pool.name", "stock")]);
        let count = if name == "timeouts" {
            point.sum as u64
        } else {
            point.count
        };
        assert_eq!(count, expected, "{name}");
    }
    let unit = capture.description_and_unit("db.client.connection.wait_time");
    assert_eq!(unit.unwrap().1, "s");
}

async fn measured(capture: &Capture) -> SqlitePool {
    let options = SqlitePoolOptions::new().acquire_timeout(Duration::from_millis(300));
    let config = config()
        .pool_metrics("stock")
        .providers(capture.providers());
    let pool = SqlitePool::with_config(open_with(options).await, config);
    idle(&pool).await;
    pool
}

/// A task of sqlx returns connections.
async fn idle(pool: &SqlitePool) {
    while pool.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
}

fn points(capture: &Capture, name: &str) -> Vec<Point> {
    capture.points(&format!("db.client.connection.{name}"))
}

/// By state.
fn count(capture: &Capture) -> Vec<(String, i64)> {
    let points = points(capture, "count");
    let mut counts: Vec<_> = points
        .iter()
        .map(|point| {
            let state = point.labels.get("db.client.connection.state").unwrap();
            assert_eq!(point.labels.len(), 2);
            (state.to_string(), point.sum as i64)
        })
        .collect();
    counts.sort();
    counts
}

fn labels(point: &Point) -> Vec<(&str, &str)> {
    let labels = point.labels.iter();
    labels
        .map(|(key, value)| (key.as_str(), value_of(value)))
        .collect()
}

fn value_of(value: &opentelemetry::Value) -> &str {
    let opentelemetry::Value::String(text) = value else {
        panic!("{value:?}");
    };
    text.as_str()
}
