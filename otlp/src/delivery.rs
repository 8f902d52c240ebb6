//! One request, until it is delivered or given up.

use std::fmt;
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

/// How long, how often and what is tried.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) patience: Duration,
    pub(crate) backoff: Backoff,
    /// Whether what may have arrived is sent again. Deltas would be counted twice.
    pub(crate) repeats_ambiguous: bool,
}

/// What an exporter remembers from one request to the next, and whom it tells.
pub(crate) struct Memory {
    has_accepted: AtomicBool,
    on_event: Box<Hook>,
}

pub(crate) type Hook = dyn Fn(&Event<'_>) + Send + Sync;

/// A request that was given up.
#[derive(Debug)]
pub(crate) struct GivenUp {
    pub(crate) failure: Failure,
    /// No attempt can have arrived.
    pub(crate) is_certain: bool,
}

impl Memory {
    pub(crate) fn new(on_event: Box<Hook>) -> Self {
        Self {
            has_accepted: AtomicBool::new(false),
            on_event,
        }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        (self.on_event)(event);
    }

    fn has_accepted(&self) -> bool {
        self.has_accepted.load(Ordering::Relaxed)
    }
}

/// Makes attempts until one succeeds, one fails for good, the patience that began with the export
/// is up, or the exporter has to close.
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
                memory.has_accepted.store(true, Ordering::Relaxed);
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
            is_retried: next.is_some() || failure.kind() == FailureKind::TooLarge,
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

/// When to try again, if trying again can help.
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

/// Whether an attempt can be made before the exporter has to close, if it has to. Where there is
/// nobody it is not worth waiting for.
fn is_in_time(memory: &Memory, closing: &Closing, failure: &Failure, next: Instant) -> bool {
    closing.deadline().is_none_or(|deadline| {
        memory.has_accepted() && failure.kind() != FailureKind::Connect && next < deadline
    })
}

/// Waits until the next attempt. `false` if a shutdown that was announced meanwhile leaves no room
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
        // Everything that waits is tried once more at the end, and at once: its last attempt may
        // have been seconds ago. Unless the receiver has asked to be left alone.
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
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;
    use std::sync::Mutex;

    use tokio::sync::watch;

    use super::*;

    /// What was told, in short.
    type Told = Arc<Mutex<Vec<String>>>;

    fn memory() -> (Memory, Told) {
        let told = Told::default();
        let log = Arc::clone(&told);
        let memory = Memory::new(Box::new(move |event| {
            let Event::AttemptFailed {
                failure,
                is_retried,
                ..
            } = event
            else {
                panic!("{event:?}");
            };
            let entry = format!("{failure} {is_retried}");
            log.lock().unwrap().push(entry);
        }));
        (memory, told)
    }

    fn limits() -> Limits {
        Limits {
            patience: Duration::from_secs(300),
            backoff: Backoff::default(),
            repeats_ambiguous: true,
        }
    }

    fn failing(kind: FailureKind) -> Failure {
        Failure::new(kind, "no")
    }

    /// Delivers with attempts that fail thus until there are no more of them, and says how often
    /// it was tried and how long it took.
    async fn run(
        limits: &Limits,
        memory: &Memory,
        closing: Closing,
        failures: impl IntoIterator<Item = Failure>,
    ) -> (Result<Accepted, GivenUp>, u32, Duration) {
        let start = Instant::now();
        let attempts = Cell::new(0);
        let mut failures = failures.into_iter();
        let outcome = deliver(limits, memory, start, closing, || {
            attempts.set(attempts.get() + 1);
            let failure = failures.next();
            async { failure.map_or(Ok(Accepted::default()), Err) }
        })
        .await;
        (outcome, attempts.get(), start.elapsed())
    }

    fn open() -> watch::Sender<Option<Instant>> {
        watch::Sender::new(None)
    }

    #[tokio::test(start_paused = true)]
    async fn outage_is_waited_out_with_pauses_that_are_capped() {
        let (memory, told) = memory();
        let sender = open();
        // 40 attempts that fail take at least 2.5 s each after the first few, and at most 5 s.
        let failures = vec![failing(FailureKind::Connect); 40];
        let (outcome, attempts, took) =
            run(&limits(), &memory, Closing::of(&sender), failures).await;
        assert!(outcome.is_ok());
        assert_eq!(attempts, 41);
        assert!((85..=181).contains(&took.as_secs()), "{took:?}");
        assert_eq!(told.lock().unwrap().len(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_what_never_succeeds() {
        let (memory, told) = memory();
        let sender = open();
        let failures = std::iter::repeat(failing(FailureKind::Timeout).ambiguous());
        let (outcome, _, took) = run(&limits(), &memory, Closing::of(&sender), failures).await;
        let given_up = outcome.unwrap_err();
        assert!(!given_up.is_certain);
        assert!((295..=300).contains(&took.as_secs()), "{took:?}");
        let told = told.lock().unwrap();
        assert_eq!(told.last().unwrap(), "no false");
        assert_eq!(told.iter().filter(|told| *told == "no false").count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn refusal_is_not_tried_again() {
        for kind in [
            FailureKind::Refused,
            FailureKind::NoSuchService,
            FailureKind::OtherProtocol,
            FailureKind::TooLarge,
        ] {
            let (memory, _) = memory();
            let sender = open();
            let (outcome, attempts, took) =
                run(&limits(), &memory, Closing::of(&sender), [failing(kind)]).await;
            assert!(outcome.unwrap_err().is_certain);
            assert_eq!((attempts, took), (1, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn receiver_that_asks_for_time_gets_it() {
        let wait = Duration::from_secs(30);
        for (wait, expected) in [(Some(wait), 30..=30), (None, 5..=5)] {
            let (memory, _) = memory();
            let sender = open();
            let throttled = failing(FailureKind::Throttled).after(wait);
            let (outcome, attempts, took) =
                run(&limits(), &memory, Closing::of(&sender), [throttled]).await;
            assert!(outcome.is_ok());
            assert_eq!(attempts, 2);
            assert!(expected.contains(&took.as_secs()), "{took:?}");
        }
        // Longer than anybody is ready to wait.
        let (memory, _) = memory();
        let sender = open();
        let throttled = failing(FailureKind::Throttled).after(Some(Duration::from_secs(301)));
        let (outcome, _, took) = run(&limits(), &memory, Closing::of(&sender), [throttled]).await;
        assert!(outcome.is_err());
        assert_eq!(took, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn deltas_are_sent_again_only_if_they_cannot_have_arrived() {
        let limits = Limits {
            repeats_ambiguous: false,
            ..limits()
        };
        for (failure, expected) in [
            (failing(FailureKind::Connect), 2),
            (failing(FailureKind::Unavailable), 2),
            (failing(FailureKind::Timeout).ambiguous(), 1),
            (failing(FailureKind::ConnectionLost).ambiguous(), 1),
        ] {
            let (memory, _) = memory();
            let sender = open();
            let (_, attempts, _) = run(&limits, &memory, Closing::of(&sender), [failure]).await;
            assert_eq!(attempts, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn receiver_that_has_accepted_before_does_speak_the_protocol() {
        let (memory, _) = memory();
        let sender = open();
        run(&limits(), &memory, Closing::of(&sender), [])
            .await
            .0
            .unwrap();
        let failures = [failing(FailureKind::OtherProtocol)];
        let (outcome, attempts, _) = run(&limits(), &memory, Closing::of(&sender), failures).await;
        assert!(outcome.is_ok());
        assert_eq!(attempts, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_waits_only_for_a_receiver_that_is_there() {
        let minute = Duration::from_secs(60);
        for (has_accepted, kind, is_waited_for) in [
            (false, FailureKind::Connect, false),
            (false, FailureKind::Unavailable, false),
            (true, FailureKind::Connect, false),
            (true, FailureKind::Unavailable, true),
        ] {
            let (memory, _) = memory();
            memory.has_accepted.store(has_accepted, Ordering::Relaxed);
            let sender = open();
            sender.send_replace(Some(Instant::now() + minute));
            let failures = std::iter::repeat(failing(kind));
            let (outcome, attempts, took) =
                run(&limits(), &memory, Closing::of(&sender), failures).await;
            assert!(outcome.is_err());
            if is_waited_for {
                assert!((55..=60).contains(&took.as_secs()), "{took:?}");
            } else {
                assert_eq!((attempts, took), (1, Duration::ZERO), "{kind:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn announced_shutdown_ends_a_pause_with_one_more_attempt() {
        let (memory, _) = memory();
        let sender = open();
        let failures = std::iter::repeat(failing(FailureKind::Connect));
        let limits = Limits {
            backoff: Backoff::new(Duration::from_secs(100), Duration::from_secs(100)),
            ..limits()
        };
        let closing = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send_replace(Some(Instant::now() + Duration::from_secs(60)));
        };
        let (outcome, ()) = tokio::join!(
            run(&limits, &memory, Closing::of(&sender), failures),
            closing
        );
        let (outcome, attempts, took) = outcome;
        assert!(outcome.is_err());
        assert_eq!((attempts, took), (2, Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn attempt_that_hangs_is_cut_off_at_the_deadline() {
        let (memory, _) = memory();
        let sender = open();
        let deadline = Instant::now() + Duration::from_secs(4);
        sender.send_replace(Some(deadline));
        let hanging = || std::future::pending::<Result<Accepted, Failure>>();
        let start = Instant::now();
        for is_certain in [false, true] {
            let outcome = deliver(&limits(), &memory, start, Closing::of(&sender), hanging).await;
            let given_up = outcome.unwrap_err();
            assert_eq!(given_up.failure.kind(), FailureKind::ShutDown);
            // The second was not even begun.
            assert_eq!(given_up.is_certain, is_certain);
            assert_eq!(Instant::now(), deadline);
        }
    }
}
