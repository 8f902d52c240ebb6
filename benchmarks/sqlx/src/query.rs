//! The measured query, and its database.

use clap::ValueEnum;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Executor, Sqlite};

/// How the query gets its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// From a pool, for each query.
    Pool,
    /// One connection of it.
    Connection,
}

/// One row by its key.
///
/// # Errors
///
/// What sqlx says.
pub async fn query<'e>(executor: impl Executor<'e, Database = Sqlite>) -> sqlx::Result<()> {
    let row = sqlx::query(QUERY).bind("A-1").fetch_one(executor).await?;
    drop(std::hint::black_box(row));
    Ok(())
}

/// A pool of one connection to an in-memory database with that row.
///
/// # Errors
///
/// What sqlx says.
pub async fn open() -> sqlx::Result<sqlx::SqlitePool> {
    // Not `sqlite::memory:`, because sqlx makes no URL of it, and oxtel-sql needs one.
    let memory = SqliteConnectOptions::new().filename("/stock").vfs("memdb");
    let options = SqlitePoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None);
    let pool = options.connect_with(memory).await?;
    let create =
        "CREATE TABLE stock (sku TEXT, name TEXT); INSERT INTO stock VALUES ('A-1', 'nut')";
    sqlx::raw_sql(create).execute(&pool).await?;
    Ok(pool)
}

/// The only statement.
pub const QUERY: &str = "SELECT name FROM stock WHERE sku = $1";
