//! The measured operation: a query of one row.

use std::thread;

use anyhow::Result;
use clap::ValueEnum;
use opentelemetry::trace::TracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::polled::{Measure, measured};
use crate::query::{Way, open, query};
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
