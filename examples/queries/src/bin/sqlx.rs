//! Queries of sqlx: the pool is wrapped once; each query is then a child of the current span.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-queries --bin sqlx
//! ```
//!
//! It sells one article of an in-memory stock, and prints the spans of the queries and of `sell`.

use std::error::Error;
use std::time::Duration;

use otel_middleware_sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

fn main() -> Result<(), Box<dyn Error>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    // One connection, because each has its own in-memory database.
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = SqlitePool::from(pool.connect("sqlite::memory:").await?);

    // From here on, this is plain sqlx.
    sqlx::query("CREATE TABLE stock (sku TEXT, quantity INTEGER)")
        .execute(&pool)
        .await?;
    sqlx::query("INSERT INTO stock VALUES ('A-1', 3)")
        .execute(&pool)
        .await?;
    println!("{} left", sell(&pool, "A-1").await?);
    Ok(())
}

#[tracing::instrument(skip(pool))]
async fn sell(pool: &SqlitePool, sku: &str) -> sqlx::Result<i64> {
    let mut transaction = pool.begin().await?;
    sqlx::query("UPDATE stock SET quantity = quantity - 1 WHERE sku = $1")
        .bind(sku)
        .execute(&mut *transaction)
        .await?;
    let left = sqlx::query_scalar("SELECT quantity FROM stock WHERE sku = $1")
        .bind(sku)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(left)
}
