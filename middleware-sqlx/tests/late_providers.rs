//! The global providers are set after the pool was made, and used before: a process of its own.

mod support;

use opentelemetry::global;
use otel_instrumentation::testing::Capture;
use otel_middleware_sqlx::SqlitePool;

use self::support::{measured, names};

#[tokio::test]
async fn providers_that_come_late_are_found() {
    let pool = SqlitePool::with_config(support::open().await, support::config());
    let query = || sqlx::query("SELECT sku FROM stock").fetch_all(&pool);
    query().await.unwrap();

    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    global::set_meter_provider(capture.meter_provider().clone());
    query().await.unwrap();
    assert_eq!(names(&capture), ["SELECT stock"]);
    assert_eq!(measured(&capture), 1);
}
