//! The measured process.

use std::io::{BufRead, Read};
use std::net::Ipv4Addr;

use anyhow::Result;
use clap::Subcommand;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::subject::Subject;
use crate::frameworks::axum::drive;
use crate::setup::Setup;

/// What to do with a [`Subject`].
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Run {
    /// Sends this number of batches of requests, without a socket, and ends.
    Loop { batches: u32 },
    /// For each line that it reads, sends this number of batches and prints the processor time per
    /// request in nanoseconds.
    Rounds { batches: u32 },
    /// Serves on a port, and prints the port.
    Serve,
}

/// Runs it, and exports the rest when the standard input ends.
pub fn run(run: Run, subject: impl FnOnce() -> Result<Subject>) -> Result<()> {
    // As with `#[tokio::main]`.
    let runtime = Runtime::new()?;
    let on_runtime = runtime.enter();
    let Subject {
        service,
        flush,
        shut_down,
    } = subject()?;
    match run {
        Run::Loop { batches } => send(batches, &mut drive(service, Setup::C), &flush)?,
        Run::Rounds { batches } => {
            let mut request = drive(service, Setup::C);
            for line in std::io::stdin().lock().lines() {
                line?;
                let before = processor_time();
                send(batches, &mut request, &flush)?;
                let spent = processor_time() - before;
                println!("{}", spent / i64::from(batches * BATCH));
            }
        }
        Run::Serve => {
            drop(on_runtime);
            runtime.block_on(serve(service))?;
        }
    }
    shut_down()
}

/// Sends as many requests as the SDK has spans in a batch, and then waits until they have arrived:
/// no span is lost, and every run exports the same batches.
fn send(batches: u32, request: &mut dyn FnMut(), flush: &dyn Fn() -> Result<()>) -> Result<()> {
    for _ in 0..batches {
        (0..BATCH).for_each(|_| request());
        flush()?;
    }
    Ok(())
}

/// The processor time of all threads, including those that have ended.
fn processor_time() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

async fn serve(service: axum::Router) -> Result<()> {
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = stop.send(());
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let server = axum::serve(listener, service).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    Ok(server.await?)
}

/// The default of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
pub(super) const BATCH: u32 = 512;
