//! The test of the README, literally.

use otel_middleware_sqlx::testing::Capture;
use otel_middleware_sqlx::{DatabaseConfig, SqlitePool};

#[tracing::instrument(skip_all)]
async fn left(pool: &SqlitePool) -> sqlx::Result<i64> {
    let left = sqlx::query_scalar("SELECT quantity FROM (SELECT 7 AS quantity) AS stock");
    left.fetch_one(pool).await
}

#[tokio::test]
async fn query_is_traced() -> sqlx::Result<()> {
    let capture = Capture::new();
    let _subscriber = tracing::subscriber::set_default(capture.subscriber());
    let config = DatabaseConfig::new().providers(capture.providers());
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    let pool = SqlitePool::with_config(pool, config);

    assert_eq!(left(&pool).await?, 7);

    let spans = capture.spans();
    let query = spans.iter().find(|span| span.name.starts_with("SELECT"));
    let left = spans.iter().find(|span| span.name == "left");
    let (query, left) = (query.expect("a query"), left.expect("its caller"));
    assert_eq!(query.parent_span_id, left.span_context.span_id());
    assert_eq!(capture.points("db.client.operation.duration").len(), 1);
    Ok(())
}
