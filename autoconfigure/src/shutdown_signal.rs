//! The signals that ask a process to end.

use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::signal::ctrl_c;
use tokio::time::sleep;

use crate::notice::Notice;

/// Resolves when the process is asked to end: by Ctrl-C, or on Unix by `SIGTERM`, which Kubernetes,
/// Docker and systemd send.
///
/// If a process does not wait for it, the signal kills the process, and its last spans, metrics and
/// log records are not exported. Once this future has been polled, the signals no longer kill the
/// process. If no signal handler can be installed, the future never resolves, and a warning says
/// so.
///
/// # Panics
///
/// If it is polled outside a tokio runtime whose I/O is enabled.
///
/// ```no_run
/// # async fn serve(app: axum::Router, listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// axum::serve(listener, app)
///     .with_graceful_shutdown(otel_autoconfigure::shutdown_signal())
///     .await
/// # }
/// ```
pub async fn shutdown_signal() {
    tokio::select! {
        told = ctrl_c() => unless_failed("Ctrl-C", told).await,
        told = terminated() => unless_failed("SIGTERM", told).await,
    }
}

/// Resolves when `grace` has passed since [`shutdown_signal`]. Use it to end a service that would
/// otherwise not end, for example because of an endless stream.
///
/// # Panics
///
/// If it is polled outside a tokio runtime whose I/O and timers are enabled.
///
/// ```no_run
/// # async fn serve(app: axum::Router, listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// use std::time::Duration;
///
/// use otel_autoconfigure::{shutdown_deadline, shutdown_signal};
///
/// let server = axum::serve(listener, app).with_graceful_shutdown(shutdown_signal());
/// tokio::select! {
///     served = async { server.await } => served,
///     () = shutdown_deadline(Duration::from_secs(10)) => Ok(()),
/// }
/// # }
/// ```
pub async fn shutdown_deadline(grace: Duration) {
    shutdown_signal().await;
    sleep(grace).await;
}

/// Never resolves if the handler could not be installed.
async fn unless_failed(what: &str, told: io::Result<()>) {
    if let Err(error) = told {
        Notice::warning(format!("{what} cannot be listened to: {error}")).say();
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    pending().await
}
