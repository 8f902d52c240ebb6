//! sqlx's macros, which are checked against `.sqlx` at compile time.

mod support;

use opentelemetry::Value;
use otel_instrumentation::testing::Capture;

use self::support::{attribute, only, pool};

#[tokio::test]
async fn a_macro_is_a_query() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    let twice = sqlx::query!("SELECT 2 * $1 AS \"twice!: i64\"", 21)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(twice.twice, 42);
    let text = attribute(&only(&capture).0, "db.query.text");
    assert_eq!(text, Some(Value::from("SELECT 2 * $1 AS \"twice!: i64\"")));
}
