//! One request, until it is delivered or given up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use tokio::time::sleep_until;

use crate::backoff::Backoff;
use crate::event::Event;
use crate::export_thread::Closing;
use crate::failure::Failure;
use crate::failure::FailureKind;
use crate::transport::Accepted;

/// The limits of a delivery: how long, how often, and which failures are retried.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) patience: Duration,
    pub(crate) backoff: Backoff,
    /// Whether a request that may have arrived is sent again. Deltas would be counted twice.
    pub(crate) repeats_ambiguous: bool,
}

/// What an exporter remembers from one request to the next, and the hook for its events.
pub(crate) struct Memory {
    has_accepted: AtomicBool,
    /// Whether its receiver has ever accepted anything; other signals may share it.
    is_known: Arc<AtomicBool>,
    on_event: Box<Hook>,
}

pub(crate) type Hook = dyn Fn(&Event<'_>) + Send + Sync;

/// A request that was given up.
#[derive(Debug)]
pub(crate) struct GivenUp {
    pub(crate) failure: Failure,
    /// Whether it is certain that no attempt has arrived.
    pub(crate) is_certain: bool,
}

impl Memory {
    pub(crate) fn new(is_known: Arc<AtomicBool>, on_event: Box<Hook>) -> Self {
        Self {
            has_accepted: AtomicBool::new(false),
            is_known,
            on_event,
        }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        (self.on_event)(event);
    }

    fn accepted(&self) {
        self.has_accepted.store(true, Ordering::Relaxed);
        self.is_known.store(true, Ordering::Relaxed);
    }

    fn has_accepted(&self) -> bool {
        self.has_accepted.load(Ordering::Relaxed)
    }
}

/// Makes attempts until one succeeds, one fails for good, the patience since the start of the
/// export is used up, or the exporter has to close.
pub(crate) async fn deliver<A, F>(
    limits: &Limits,
    memory: &Memory,
    began: Instant,
    mut closing: Closing,
    mut attempt: A,
) -> Result<Accepted, GivenUp>
where
    A: FnMut() -> F,
    F: Future<Output = Result<Accepted, Failure>>,
{
    let patient_until = began.checked_add(limits.patience);
    let mut is_certain = true;
    let mut failed = 0;
    loop {
        let start = Instant::now();
        let outcome = match closing.deadline() {
            Some(deadline) if deadline <= start => Err(shut_down()),
            _ => tokio::select! {
                biased;
                outcome = attempt() => outcome,
                () = closing.closed() => Err(shut_down().ambiguous()),
            },
        };
        let failure = match outcome {
            Ok(accepted) => {
                memory.accepted();
                return Ok(accepted);
            }
            Err(failure) if memory.has_accepted() => failure.of_known_receiver(),
            Err(failure) => failure,
        };
        is_certain &= !failure.may_have_arrived();
        failed += 1;
        let next = next_attempt(limits, &failure, failed)
            .filter(|next| patient_until.is_none_or(|end| *next <= end))
            .filter(|next| is_in_time(memory, &closing, &failure, *next));
        memory.tell(&Event::AttemptFailed {
            failure: &failure,
            began: start.into_std(),
            is_retried: next.is_some(),
        });
        let is_continued = match next {
            Some(next) => wait_until(next, memory, &mut closing, &failure).await,
            None => false,
        };
        if !is_continued {
            return Err(GivenUp {
                failure,
                is_certain,
            });
        }
    }
}

/// The time of the next attempt. `None` if another attempt cannot help.
fn next_attempt(limits: &Limits, failure: &Failure, failed: u32) -> Option<Instant> {
    let is_allowed = limits.repeats_ambiguous || !failure.may_have_arrived();
    if !failure.is_retryable() || !is_allowed {
        return None;
    }
    let pause = limits.backoff.pause(failed);
    let pause = match (failure.retry_after(), failure.kind()) {
        (Some(wait), _) => wait.max(pause),
        (None, FailureKind::Throttled) => limits.backoff.longest(),
        (None, _) => pause,
    };
    Instant::now().checked_add(pause)
}

/// Whether the next attempt can be made before the exporter has to close, if it has to. `false` if
/// no receiver is there that would be worth the wait.
fn is_in_time(memory: &Memory, closing: &Closing, failure: &Failure, next: Instant) -> bool {
    closing.deadline().is_none_or(|deadline| {
        memory.is_known.load(Ordering::Relaxed)
            && failure.kind() != FailureKind::Connect
            && next < deadline
    })
}

/// Waits until the next attempt. `false` if a shutdown is announced meanwhile and leaves no time
/// for it.
async fn wait_until(
    next: Instant,
    memory: &Memory,
    closing: &mut Closing,
    failure: &Failure,
) -> bool {
    if closing.deadline().is_some() {
        sleep_until(next).await;
        return true;
    }
    tokio::select! {
        biased;
        () = sleep_until(next) => true,
        // At the end each waiting request is tried once more, and at once: its last attempt may
        // have been seconds ago. The exception is a receiver that has asked for a pause.
        _ = closing.announced() => {
            failure.retry_after().is_none() || is_in_time(memory, closing, failure, next)
        }
    }
}

fn shut_down() -> Failure {
    let text = "not done when the time to shut down was up";
    Failure::new(FailureKind::ShutDown, text)
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("has_accepted", &self.has_accepted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
