//! The measured process: one column in one setup.

use std::io::BufRead;
use std::time::Instant;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::column::Column;
use crate::setup::Setup;
use crate::verify;

/// One column in one setup.
#[derive(Debug, Parser)]
pub struct Arguments {
    column: Column,
    setup: Setup,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Sends this number of requests and ends.
    Loop { requests: u32 },
    /// Checks what one request recorded.
    Verify,
    /// For each line that it reads, sends this number of requests and prints the nanoseconds per
    /// request.
    Rounds { requests: u32 },
}

/// Runs as the arguments say.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        column,
        setup,
        what,
    } = arguments;
    let export_metrics = column.install(setup);
    let mut request = (column.subject)(setup);
    match what {
        What::Loop { requests } => counted_requests(&mut *request, requests),
        What::Verify => {
            verify::WATCHING.store(true, std::sync::atomic::Ordering::Relaxed);
            request();
            export_metrics();
            let measures = setup == Setup::D && !column.lacks_metrics();
            verify::check(setup, column.span_kind(), measures)?;
        }
        What::Rounds { requests } => {
            for line in std::io::stdin().lock().lines() {
                line?;
                let started = Instant::now();
                (0..requests).for_each(|_| request());
                println!("{}", started.elapsed().as_nanos() / u128::from(requests));
            }
        }
    }
    Ok(())
}

/// Sends this number of requests, in a function whose name a profiler knows.
#[inline(never)]
pub fn counted_requests(request: &mut dyn FnMut(), requests: u32) {
    (0..requests).for_each(|_| request());
}
