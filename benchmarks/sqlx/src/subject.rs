//! The measured operation: a query of one row.

use std::thread;

use anyhow::Result;
use clap::ValueEnum;
use opentelemetry::global;
use otel_middleware_sqlx::{DatabaseConfig, SqlitePool};

use crate::by_hand::ByHand;
use crate::polled::{Measure, measured};
use crate::query::{Way, open, query};
use crate::setup::Setup;
use crate::{early, oxtel, sdk};

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// sqlx alone.
    Bare,
    /// A span and a point by hand.
    ByHand,
    /// otel-middleware-sqlx.
    Ours,
    /// The same, with the metrics of its pool.
    OursWithPool,
    /// oxtel-sql, which always records the metrics of its pool.
    Oxtel,
}

/// Runs the query this many times, and fails unless it records everything that it must.
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
    let mut queries = Queries {
        count,
        plain: plain.clone(),
        measure,
    };
    match subject {
        Subject::Bare => match way {
            Way::Pool => queries.each(|| query(&plain))?,
            Way::Connection => {
                let mut connection = runtime.block_on(plain.acquire())?;
                for _ in 0..count {
                    measured(query(&mut *connection), queries.measure)?;
                }
            }
        },
        Subject::ByHand => {
            let flush = sdk::install(setup, global::set_tracer_provider);
            let by_hand = ByHand::new();
            match way {
                Way::Pool => queries.each(|| by_hand.query(query(&plain)))?,
                Way::Connection => {
                    let mut connection = runtime.block_on(plain.acquire())?;
                    for _ in 0..count {
                        measured(by_hand.query(query(&mut *connection)), queries.measure)?;
                    }
                }
            }
            flush();
            sdk::verify(setup, count, true)?;
        }
        Subject::Ours | Subject::OursWithPool => {
            let flush = sdk::install(setup, early::install);
            let config = match subject {
                Subject::OursWithPool => DatabaseConfig::new().pool_metrics("stock"),
                _ => DatabaseConfig::new(),
            };
            // The measurement makes waits long; they are not part of it.
            let config = config.acquire_threshold(std::time::Duration::MAX);
            let pool = SqlitePool::with_config(plain.clone(), config);
            match way {
                Way::Pool => queries.each(|| query(&pool))?,
                Way::Connection => {
                    let mut connection = runtime.block_on(pool.acquire())?;
                    for _ in 0..count {
                        measured(query(&mut connection), queries.measure)?;
                    }
                }
            }
            flush();
            sdk::verify(setup, count, true)?;
        }
        Subject::Oxtel => {
            let _kept = oxtel::install(setup)?;
            let pool = oxtel_sql::sqlx::v0_9::Pool::new(plain.clone());
            match way {
                Way::Pool => queries.each(|| query(&pool))?,
                Way::Connection => {
                    let mut connection = runtime.block_on(pool.acquire())?;
                    for _ in 0..count {
                        measured(query(&mut connection), queries.measure)?;
                    }
                }
            }
            sdk::verify(setup, count, false)?;
        }
    }
    Ok(())
}

struct Queries<'a, 'm> {
    count: u32,
    plain: sqlx::SqlitePool,
    measure: &'a mut Measure<'m>,
}

impl Queries<'_, '_> {
    /// One after the other: the next begins when the connection is idle again.
    fn each<F, T>(&mut self, query: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        for _ in 0..self.count {
            measured(query(), self.measure)?;
            while self.plain.num_idle() == 0 {
                thread::yield_now();
            }
        }
        Ok(())
    }
}
