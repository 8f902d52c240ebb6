//! The thread that moves the exporters' bytes.
//!
//! Exporters need an asynchronous runtime, and the application's will not do: it may not exist
//! yet, may be a single thread that is waiting in the guard's `drop`, or may be gone when the
//! last spans are to be sent. This one exists as long as anything is exported, and nothing that
//! happens on it is telemetry.

use std::{future::poll_fn, io, pin::pin, sync::Arc, thread, time::Duration};

use opentelemetry::Context;
use tokio::{
    runtime::{Builder, Handle},
    sync::{oneshot, watch},
    time::{Instant, sleep, sleep_until},
};

/// A handle to the thread, which ends with the last of them.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    handle: Handle,
    /// When whatever is still under way is given up.
    closing: watch::Sender<Option<Instant>>,
    _alive: Arc<oneshot::Sender<()>>,
}

/// Why work was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    TookTooLong(Duration),
    ShuttingDown,
}

impl Driver {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, gone) = oneshot::channel();
        thread::Builder::new()
            .name("otel-autoconfigure".to_owned())
            .spawn(move || {
                // The connections live on this thread: what they log must not be exported
                // through them.
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                let _ = runtime.block_on(gone);
            })?;
        Ok(Self {
            handle,
            closing: watch::Sender::new(None),
            _alive: Arc::new(alive),
        })
    }

    /// For what has to be built where it will run.
    pub(crate) fn enter<T>(&self, build: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        build()
    }

    /// Nothing that is run may take longer than until then.
    pub(crate) fn close_at(&self, deadline: std::time::Instant) {
        self.closing.send_replace(Some(deadline.into()));
    }

    /// Runs `work` on the thread that polls this, with the timers and sockets of the driver's.
    pub(crate) async fn run<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Abandoned> {
        let mut closing = self.closing.subscribe();
        let mut raced = pin!(async {
            tokio::select! {
                biased;
                () = closed(&mut closing) => Err(Abandoned::ShuttingDown),
                done = work => Ok(done),
                () = sleep(limit) => Err(Abandoned::TookTooLong(limit)),
            }
        });
        poll_fn(|cx| {
            let _entered = self.handle.enter();
            raced.as_mut().poll(cx)
        })
        .await
    }
}

/// Resolves at the deadline, once there is one.
async fn closed(closing: &mut watch::Receiver<Option<Instant>>) {
    let deadline = match closing.wait_for(Option::is_some).await {
        Ok(deadline) => *deadline,
        Err(_) => None,
    };
    if let Some(deadline) = deadline {
        sleep_until(deadline).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::runtime;

    use super::*;

    /// Polls without a reactor, as the SDK's threads do.
    fn without_runtime<T>(work: impl Future<Output = T>) -> T {
        let bare = runtime::Builder::new_current_thread().build().unwrap();
        bare.block_on(work)
    }

    #[test]
    fn work_has_timers_and_a_limit() {
        let driver = Driver::start().unwrap();
        let slept = without_runtime(driver.run(Duration::from_secs(60), async {
            sleep(Duration::from_millis(1)).await;
            Context::is_current_telemetry_suppressed()
        }));
        assert_eq!(slept, Ok(false));
        let limit = Duration::from_millis(1);
        let never = without_runtime(driver.run(limit, pending::<()>()));
        assert_eq!(never, Err(Abandoned::TookTooLong(limit)));
    }

    #[test]
    fn what_is_spawned_is_suppressed() {
        let driver = Driver::start().unwrap();
        let suppressed = driver.run(Duration::from_secs(60), async {
            tokio::spawn(async { Context::is_current_telemetry_suppressed() }).await
        });
        assert!(without_runtime(suppressed).unwrap().unwrap());
    }

    #[test]
    fn closing_ends_what_is_under_way_and_what_comes_later() {
        let driver = Driver::start().unwrap();
        let closer = driver.clone();
        let closing = thread::spawn(move || closer.close_at(std::time::Instant::now()));
        for _ in 0..2 {
            let never = without_runtime(driver.run(Duration::from_secs(60), pending::<()>()));
            assert_eq!(never, Err(Abandoned::ShuttingDown));
        }
        closing.join().unwrap();
    }
}
