//! Sends checkouts through Collectors, and counts what arrives at the other end.
//!
//! The script `run` in the folder above builds and fetches the programs; see the README there.

mod arrivals;
mod backends;
mod checkouts;
mod gateways;
mod otlp;
mod outage;
mod processes;
mod programs;
mod relay;
mod sampling;
mod signals;
mod spans;
mod tally;
mod transport;
mod trip;

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use processes::Processes;
use programs::Programs;

#[tokio::main]
async fn main() -> ExitCode {
    // All started programs end when this is dropped.
    let outcome = tokio::select! {
        biased;
        _ = interrupted() => Err(anyhow!("it was interrupted")),
        outcome = run() => outcome,
    };
    match outcome {
        Ok(staying) => {
            if staying.is_some() {
                println!("everything stays up until Ctrl-C");
                let _ = interrupted().await;
            }
            println!("everything held");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("not everything held: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the programs that should be left running.
async fn run() -> Result<Option<Processes>> {
    let kept = PathBuf::from(env::var_os("KEPT").context("start it by examples/collector/run")?);
    let data = kept.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    let programs = Programs { kept, data };
    match env::args().nth(1).as_deref() {
        Some("run") => return trip::run(&programs).await,
        Some("outage") => outage::run(&programs).await?,
        Some("gateways") => gateways::run(&programs).await?,
        Some("transport") => transport::run(&programs).await?,
        other => bail!("unknown: {other:?}"),
    }
    Ok(None)
}

async fn interrupted() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
