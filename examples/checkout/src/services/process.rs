//! The life of one service: telemetry, socket, requests, and a clean end.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::FutureExt;
use otel_autoconfigure::shutdown_signal;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::notice::Notice;
use super::server::Server;

/// Like `Telemetry::run`, but the parent can also ask for the end, and learns of the outcome.
/// Without a host, the service is a child of this program and ends with its parent.
pub(super) fn run(
    host: Option<IpAddr>,
    port: u16,
    server: impl Future<Output = Result<Server>>,
) -> Result<()> {
    let telemetry = otel_autoconfigure::init()?;
    // Dropped before telemetry, together with everything still open, so that its spans are
    // exported.
    let runtime = Runtime::new()?;
    runtime.block_on(serve(host, port, server))?;
    runtime.shutdown_timeout(LONGEST_BLOCKING);
    telemetry.shutdown().context("spans could not be exported")
}

async fn serve(
    host: Option<IpAddr>,
    port: u16,
    server: impl Future<Output = Result<Server>>,
) -> Result<()> {
    let told_to_stop = match host {
        Some(_) => shutdown_signal().boxed().shared(),
        None => told_to_stop().boxed().shared(),
    };
    let mut server = server.await?;
    server.ready().await?;

    let host = host.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let listener = listen(host, port).await?;
    Notice::Listening(listener.local_addr()?).tell()?;

    tokio::select! {
        served = server.serve(listener, told_to_stop.clone()) => served?,
        // Running requests may finish, but one that hangs must not delay the spans.
        () = told_to_stop.then(|()| sleep(LONGEST_REQUEST)) => {}
    }
    // If the parent is gone, nobody needs the notice.
    let _ = Notice::Stopped.tell();
    Ok(())
}

async fn listen(host: IpAddr, port: u16) -> Result<TcpListener> {
    TcpListener::bind((host, port))
        .await
        .with_context(|| match port {
            0 => format!("no port of {host} to listen on"),
            _ => {
                format!("port {port} cannot be used (choose another with --port, or leave it out)")
            }
        })
}

/// Resolves when the parent, or a signal to this process alone, asks it to stop.
async fn told_to_stop() {
    tokio::select! {
        _ = parent_gone() => {}
        () = shutdown_signal() => {}
    }
}

/// Resolves when standard input ends. That happens when the parent asks for a graceful stop and
/// also when it is killed, on every system, and it cannot be missed.
fn parent_gone() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    // Not tokio's stdin: its read cannot be cancelled and would keep the runtime from ending.
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = sender.send(());
        // A service that still hangs then must not outlive its parent.
        thread::sleep(LONGEST_GOODBYE);
        process::exit(1);
    });
    receiver
}

/// How long running requests may take once the service has been asked to stop.
pub(crate) const LONGEST_REQUEST: Duration = Duration::from_secs(2);
/// How long a call on a blocking thread may take after that.
const LONGEST_BLOCKING: Duration = Duration::from_secs(1);
/// Longer than both and the five seconds of the last export together.
const LONGEST_GOODBYE: Duration = Duration::from_secs(9);
