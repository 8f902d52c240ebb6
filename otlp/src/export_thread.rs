//! The thread that sends the exporters' requests.
//!
//! The SDK calls exporters on threads without an asynchronous runtime. The application's runtime
//! cannot be used: it may not exist yet, it may have a single thread that is waiting for the
//! shutdown, or it may be gone when the last spans are sent. This thread exists as long as anything
//! is exported, and nothing that happens on it is telemetry.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep_until;

/// A separate thread, on which exporters connect, send and wait.
///
/// Several exporters can share one; by default an exporter starts its own. The thread ends when the
/// last exporter and the last handle are dropped.
///
/// ```
/// use std::time::Duration;
///
/// use otel_otlp_exporter::ExportThread;
///
/// # fn main() -> std::io::Result<()> {
/// let thread = ExportThread::start()?;
/// // Before the providers are shut down: what is not delivered until then is given up.
/// thread.close_within(Duration::from_secs(5));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ExportThread {
    handle: Handle,
    closing: watch::Sender<Option<Instant>>,
    /// Whether a receiver has ever accepted anything. The key is its scheme, host and port.
    receivers: Arc<Mutex<HashMap<String, Arc<AtomicBool>>>>,
    _alive: Arc<oneshot::Sender<()>>,
}

impl ExportThread {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If the operating system cannot provide a thread or an event queue.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, gone) = oneshot::channel();
        thread::Builder::new()
            .name("otlp-export".to_owned())
            .spawn(move || {
                // The connections live on this thread: what they log must not be exported
                // through them.
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                let _ = runtime.block_on(gone);
            })?;
        Ok(Self {
            handle,
            closing: watch::Sender::new(None),
            receivers: Arc::default(),
            _alive: Arc::new(alive),
        })
    }

    /// Announces the shutdown: from now on nothing may take longer than `time`.
    ///
    /// A batch is then tried only once if the receiver has never accepted anything or does not
    /// accept connections: an application should not wait for a receiver that is not there.
    pub fn close_within(&self, time: Duration) {
        let now = Instant::now();
        let deadline = now.checked_add(time);
        self.closing
            .send_replace(Some(deadline.unwrap_or(now + FOREVER)));
    }

    /// Runs `work` on the thread.
    ///
    /// `None` if the thread has ended, which it does not while there is a handle.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.handle.spawn(work).await.ok()
    }

    /// Runs `build` in the thread's runtime, for values that must be built where they run.
    pub(crate) fn enter<T>(&self, build: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        build()
    }

    /// Whether this receiver has ever accepted anything from an exporter on the thread. All
    /// exporters to it share the flag.
    pub(crate) fn receiver(&self, place: String) -> Arc<AtomicBool> {
        let receivers = self.receivers.lock();
        let mut receivers = receivers.unwrap_or_else(PoisonError::into_inner);
        Arc::clone(receivers.entry(place).or_default())
    }

    pub(crate) fn closing(&self) -> Closing {
        Closing(self.closing.subscribe())
    }
}

/// The time at which all requests under way are given up.
#[derive(Debug)]
pub(crate) struct Closing(watch::Receiver<Option<Instant>>);

impl Closing {
    #[cfg(test)]
    pub(crate) fn of(sender: &watch::Sender<Option<Instant>>) -> Self {
        Self(sender.subscribe())
    }

    /// The deadline, if the shutdown has been announced.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        *self.0.borrow()
    }

    /// Resolves when the shutdown is announced.
    pub(crate) async fn announced(&mut self) -> Instant {
        let announced = self.0.wait_for(Option::is_some).await;
        // Without a sender, a shutdown can no longer be announced.
        let deadline = announced.ok().and_then(|deadline| *deadline);
        match deadline {
            Some(deadline) => deadline,
            None => std::future::pending().await,
        }
    }

    /// Resolves at the deadline, once there is one.
    pub(crate) async fn closed(&mut self) {
        sleep_until(self.announced().await).await;
    }
}

const FOREVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_has_timers_and_is_no_telemetry() {
        let thread = ExportThread::start().unwrap();
        // Without a runtime, as on the SDK's threads.
        let suppressed = futures_executor::block_on(thread.run(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let spawned = tokio::spawn(async { Context::is_current_telemetry_suppressed() });
            (
                Context::is_current_telemetry_suppressed(),
                spawned.await.unwrap(),
            )
        }));
        assert_eq!(suppressed, Some((true, true)));
    }

    #[tokio::test(start_paused = true)]
    async fn closing_is_known_to_those_who_ask_early_and_late() {
        let sender = watch::Sender::new(None);
        let mut early = Closing::of(&sender);
        assert_eq!(early.deadline(), None);
        let deadline = Instant::now() + Duration::from_secs(5);
        sender.send_replace(Some(deadline));
        early.closed().await;
        Closing::of(&sender).closed().await;
        assert_eq!(Instant::now(), deadline);
    }
}
