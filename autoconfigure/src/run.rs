//! A service from its first request to its last export.

use std::io;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::shutdown_signal::shutdown_deadline;
use crate::telemetry::Telemetry;

impl Telemetry {
    /// Runs a service on its own multi-threaded runtime, as `#[tokio::main]` does. Then it ends
    /// everything in an order that loses no span:
    ///
    /// 1. The service waits for [`shutdown_signal`](crate::shutdown_signal) and then ends by
    ///    itself. If it has not ended when `grace` has passed since the signal, because of an
    ///    endless stream or a request that hangs, it is dropped. This is not an error.
    /// 2. The runtime and all its tasks end, and with them their spans. Calls on blocking threads
    ///    cannot be dropped; they get at most one second.
    /// 3. What is left is exported, as when the guard is dropped.
    ///
    /// After the signal, the process thus ends within `grace`, a second and the time of the
    /// shutdown (five seconds, or the time set by
    /// [`Builder::shutdown_timeout`](crate::Builder::shutdown_timeout)). Kubernetes kills a process
    /// after 30 seconds, Docker after 10.
    ///
    /// # Errors
    ///
    /// If the service returns an error, or if the runtime cannot be created.
    ///
    /// # Panics
    ///
    /// If it is called inside a runtime. `main` must be a plain `fn`, without `#[tokio::main]`.
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
        // If the service panics, both are dropped in the same order.
        drop(self);
        outcome
    }
}

const LONGEST_BLOCKING: Duration = Duration::from_secs(1);
