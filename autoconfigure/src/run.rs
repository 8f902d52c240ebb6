//! A service from its first request to its last export.

use std::io;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::shutdown_signal::shutdown_deadline;
use crate::telemetry::Telemetry;

impl Telemetry {
    /// Runs a service on a runtime of its own, multi-threaded as that of `#[tokio::main]`, and ends
    /// in the order in which no span is lost:
    ///
    /// 1. The service ends by itself, after [`shutdown_signal`](crate::shutdown_signal) for which
    ///    it has waited. `grace` after the signal, a stream without end, or a request that hangs, holds
    ///    it up no longer: the service is dropped then, which is no error.
    /// 2. The runtime ends, and with it all tasks: their spans end. Calls on threads for blocking
    ///    ones, which cannot be dropped, are waited for, a second at most.
    /// 3. What is left is exported, as dropping this does.
    ///
    /// So a process ends at most `grace`, a second and the time to shut down (five seconds, or what
    /// [`Builder::shutdown_timeout`](crate::Builder::shutdown_timeout) says) after it was asked to.
    /// Kubernetes kills it after 30 seconds, Docker after 10.
    ///
    /// # Errors
    ///
    /// What the service returns; or if there can be no runtime.
    ///
    /// # Panics
    ///
    /// On a thread of a runtime: `main` is a plain `fn`, without `#[tokio::main]`.
    ///
    /// ```no_run
    /// use std::error::Error;
    /// use std::time::Duration;
    ///
    /// use axum::Router;
    /// use otel_autoconfigure::shutdown_signal;
    ///
    /// fn main() -> Result<(), Box<dyn Error>> {
    ///     otel_autoconfigure::init()?.run(Duration::from_secs(10), serve())
    /// }
    ///
    /// async fn serve() -> Result<(), Box<dyn Error>> {
    ///     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    ///     axum::serve(listener, Router::new())
    ///         .with_graceful_shutdown(shutdown_signal())
    ///         .await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn run<E: From<io::Error>>(
        self,
        grace: Duration,
        service: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let runtime = Runtime::new()?;
        let outcome = runtime.block_on(async {
            tokio::select! {
                outcome = service => outcome,
                () = shutdown_deadline(grace) => Ok(()),
            }
        });
        runtime.shutdown_timeout(LONGEST_BLOCKING);
        // A panic of the service drops both in the same order.
        drop(self);
        outcome
    }
}

const LONGEST_BLOCKING: Duration = Duration::from_secs(1);
