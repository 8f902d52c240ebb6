//! What is measured: a query of one row.

use std::fmt;
use std::thread;

use anyhow::Result;
use clap::ValueEnum;
use opentelemetry::trace::TracerProvider;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Executor, Sqlite};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::polled::{Measure, measured};
use crate::sdk;
use crate::setup::Setup;

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// sqlx alone.
    Bare,
    /// sqlx-tracing, whose spans tracing-opentelemetry exports. It has no metrics.
    SqlxTracing,
}

/// What the query is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// A pool, which is asked for a connection for each query.
    Pool,
    /// One connection of it.
    Connection,
}

/// Runs the query so many times, and fails if that does not record what it has to.
///
/// # Errors
///
/// What is wrong.
pub fn run(
    subject: Subject,
    way: Way,
    setup: Setup,
    count: u32,
    measure: &mut Measure<'_>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let plain = runtime.block_on(open())?;
    let _runtime = runtime.enter();
    let settle = || {
        while plain.num_idle() == 0 {
            thread::yield_now();
        }
    };
    match subject {
        Subject::Bare => match way {
            Way::Pool => {
                for _ in 0..count {
                    measured(query(&plain), measure)?;
                    settle();
                }
            }
            Way::Connection => {
                let mut connection = runtime.block_on(plain.acquire())?;
                for _ in 0..count {
                    measured(query(&mut *connection), measure)?;
                }
            }
        },
        Subject::SqlxTracing => {
            let flush = sdk::install(setup, |tracers| {
                let layer = tracing_opentelemetry::layer().with_tracer(tracers.tracer("sqlx"));
                let subscriber = tracing_subscriber::registry()
                    .with(layer)
                    .with(LevelFilter::INFO);
                let _ = tracing::subscriber::set_global_default(subscriber);
            });
            let pool = sqlx_tracing::Pool::from(plain.clone());
            match way {
                Way::Pool => {
                    for _ in 0..count {
                        measured(query(&pool), measure)?;
                        settle();
                    }
                }
                Way::Connection => {
                    let mut connection = runtime.block_on(pool.acquire())?;
                    for _ in 0..count {
                        measured(query(&mut connection), measure)?;
                    }
                }
            }
            flush();
            sdk::verify(setup, count, false)?;
        }
    }
    Ok(())
}

async fn query<'e>(executor: impl Executor<'e, Database = Sqlite>) -> sqlx::Result<()> {
    let row = sqlx::query(QUERY).bind("A-1").fetch_one(executor).await?;
    drop(std::hint::black_box(row));
    Ok(())
}

async fn open() -> sqlx::Result<sqlx::SqlitePool> {
    // Not `sqlite::memory:`, of which sqlx makes no URL, as oxtel-sql wants one.
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

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bare => "bare",
            Self::SqlxTracing => "sqlx-tracing",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pool => "pool",
            Self::Connection => "connection",
        })
    }
}

const QUERY: &str = "SELECT name FROM stock WHERE sku = $1";
