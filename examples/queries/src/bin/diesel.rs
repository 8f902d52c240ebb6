//! Queries of diesel: installed once for the process; each query is then a child of the current
//! span.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-queries --bin diesel
//! ```
//! It sells one article of an in-memory stock, and prints the spans of the queries and of `sell`.

#![allow(missing_docs, reason = "of what `table!` makes")]

use std::error::Error;
use std::time::Duration;

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use opentelemetry::Context;
use otel_propagation::spawn_blocking_with_context;

diesel::table! {
    stock (sku) {
        sku -> Text,
        quantity -> Integer,
    }
}

type Stock = Pool<ConnectionManager<SqliteConnection>>;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), run())
}

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    // Before the first connection is made.
    otel_middleware_diesel::install()?;
    // One connection, because each has its own in-memory database.
    let pool = Pool::builder().max_size(1);
    let pool = pool.build(ConnectionManager::new(":memory:"))?;

    // From here on, this is plain diesel.
    diesel::sql_query("CREATE TABLE stock (sku TEXT PRIMARY KEY, quantity INTEGER)")
        .execute(&mut pool.get()?)?;
    diesel::insert_into(stock::table)
        .values((stock::sku.eq("A-1"), stock::quantity.eq(3)))
        .execute(&mut pool.get()?)?;
    println!("{} left", sell(pool, "A-1").await?);
    Ok(())
}

#[tracing::instrument(skip(pool))]
async fn sell(pool: Stock, sku: &'static str) -> Result<i32, Box<dyn Error + Send + Sync>> {
    // diesel blocks. The context is passed on, so that the spans of the queries have a parent.
    let sold = spawn_blocking_with_context(Context::current(), move || {
        let article = stock::table.find(sku);
        pool.get()?.transaction(|connection| {
            diesel::update(article)
                .set(stock::quantity.eq(stock::quantity - 1))
                .execute(connection)?;
            Ok(article.select(stock::quantity).first(connection)?)
        })
    });
    sold.await?
}
