use std::cell::Cell;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::sync::watch;

use super::*;
use crate::response_status::ResponseStatus;

/// The events, in short.
type Told = Arc<Mutex<Vec<String>>>;

fn memory() -> (Memory, Told) {
    memory_of(Arc::default())
}

fn memory_of(is_known: Arc<AtomicBool>) -> (Memory, Told) {
    let told = Told::default();
    let log = Arc::clone(&told);
    let hook = move |event: &Event<'_>| {
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
    };
    (Memory::new(is_known, Box::new(hook)), told)
}

fn limits() -> Limits {
    Limits {
        patience: Duration::from_secs(300),
        backoff: Backoff::default(),
        repeats_ambiguous: true,
    }
}

fn accepted() -> Accepted {
    Accepted::decode(ResponseStatus::Http(200), b"")
}

fn failing(kind: FailureKind) -> Failure {
    Failure::new(kind, "no")
}

/// Delivers with attempts that fail in this way until the list is empty. Returns how often it was
/// tried and how long it took.
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
        async { failure.map_or(Ok(accepted()), Err) }
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
    let (outcome, attempts, took) = run(&limits(), &memory, Closing::of(&sender), failures).await;
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
    // Longer than the patience.
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
    let failures = || [failing(FailureKind::OtherProtocol)];
    let (outcome, attempts, _) = run(&limits(), &memory, Closing::of(&sender), failures()).await;
    assert!(outcome.is_ok());
    assert_eq!(attempts, 2);
    // What another signal has found out does not apply to this one, which may speak another
    // protocol.
    let (memory, _) = memory_of(Arc::new(AtomicBool::new(true)));
    let (outcome, attempts, _) = run(&limits(), &memory, Closing::of(&sender), failures()).await;
    assert!(outcome.is_err());
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_only_for_a_receiver_that_is_there() {
    let minute = Duration::from_secs(60);
    for (is_known, kind, is_waited_for) in [
        (false, FailureKind::Connect, false),
        (false, FailureKind::Unavailable, false),
        (true, FailureKind::Connect, false),
        (true, FailureKind::Unavailable, true),
    ] {
        // Known to any of the signals that go there.
        let (memory, _) = memory_of(Arc::new(AtomicBool::new(is_known)));
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
        // The second attempt was not even begun.
        assert_eq!(given_up.is_certain, is_certain);
        assert_eq!(Instant::now(), deadline);
    }
}
