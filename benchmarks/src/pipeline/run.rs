//! The process that is measured: one stack, and requests without a socket.

use std::io::BufRead;

use anyhow::Result;
use clap::{Parser, Subcommand};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

use super::stack::{Pipeline, Protocol, Stack};
use crate::frameworks::axum::drive;
use crate::setup::Setup;

/// One stack over one protocol.
#[derive(Debug, Parser)]
pub struct Arguments {
    stack: Stack,
    protocol: Protocol,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Sends so many batches of requests and ends.
    Loop { batches: u32 },
    /// For each line that it reads, sends so many batches and prints the nanoseconds that the
    /// processors spent on one request.
    Rounds { batches: u32 },
}

/// Does what the arguments say.
pub fn run(arguments: &Arguments) -> Result<()> {
    let runtime = Runtime::new()?;
    let _on_runtime = runtime.enter();
    let pipeline = arguments.stack.install(arguments.protocol)?;
    let mut request = drive(arguments.stack.service(), Setup::C);
    match arguments.what {
        What::Loop { batches } => send(batches, &mut request, &pipeline)?,
        What::Rounds { batches } => {
            for line in std::io::stdin().lock().lines() {
                line?;
                let before = processor_time();
                send(batches, &mut request, &pipeline)?;
                let spent = processor_time() - before;
                println!("{}", spent / i64::from(batches * BATCH));
            }
        }
    }
    pipeline.shut_down()
}

/// As many requests as there are spans in a batch of the SDK, and then a pause until they have
/// arrived: no span is lost, and every run exports the same batches.
fn send(batches: u32, request: &mut dyn FnMut(), pipeline: &Pipeline) -> Result<()> {
    for _ in 0..batches {
        (0..BATCH).for_each(|_| request());
        pipeline.flush()?;
    }
    Ok(())
}

/// Of all threads, also those that have ended.
fn processor_time() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// What `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` is by default.
pub(super) const BATCH: u32 = 512;
