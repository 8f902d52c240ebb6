//! Calls into the SDK that may block for too long.

use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Instant;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::error::OTelSdkResult;

use crate::error::Undelivered;
use crate::signal::Signal;

pub(crate) type Call = Box<dyn FnOnce() -> OTelSdkResult + Send>;

/// Makes the calls in parallel and returns the failures up to the deadline.
///
/// Each call has its own thread: some of the SDK's calls have no limit, or one that we cannot set.
pub(crate) fn all_until(deadline: Instant, calls: Vec<(Signal, Call)>) -> Vec<Undelivered> {
    let (sender, outcomes) = mpsc::channel();
    let mut failures = Vec::new();
    let mut waiting = Vec::new();
    for (signal, call) in calls {
        let sender = sender.clone();
        let thread = thread::Builder::new().name(format!("otel-{signal}-end"));
        let spawned = thread.spawn(move || {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            let _ = sender.send((signal, call()));
        });
        match spawned {
            Ok(_) => waiting.push(signal),
            Err(error) => failures.push(Undelivered::new(signal, error.to_string())),
        }
    }
    drop(sender);
    while !waiting.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        match outcomes.recv_timeout(left) {
            Ok((signal, outcome)) => {
                waiting.retain(|other| *other != signal);
                match outcome {
                    // Another owner of the provider may have shut it down already.
                    Ok(()) | Err(OTelSdkError::AlreadyShutdown) => {}
                    Err(error) => failures.push(Undelivered::new(signal, error.to_string())),
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let late = waiting.drain(..);
                failures.extend(late.map(|signal| Undelivered::new(signal, NOT_IN_TIME)));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let lost = waiting.drain(..);
                failures.extend(lost.map(|signal| Undelivered::new(signal, PANICKED)));
            }
        }
    }
    failures
}

const NOT_IN_TIME: &str = "not done in time";
const PANICKED: &str = "the SDK has panicked";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn failures_are_named_and_nobody_is_waited_for_beyond_the_deadline() {
        let (release, wait) = mpsc::channel::<()>();
        let calls: Vec<(Signal, Call)> = vec![
            (Signal::Traces, Box::new(|| Ok(()))),
            (
                Signal::Metrics,
                Box::new(move || {
                    let _ = wait.recv();
                    Ok(())
                }),
            ),
            (
                Signal::Logs,
                Box::new(|| Err(OTelSdkError::InternalFailure("full".to_owned()))),
            ),
        ];
        let failures = all_until(Instant::now() + Duration::from_millis(500), calls);
        let mut failures: Vec<_> = failures
            .into_iter()
            .map(|Undelivered { signal, text, .. }| format!("{signal}: {text}"))
            .collect();
        failures.sort();
        assert_eq!(
            failures,
            ["logs: Operation failed: full", "metrics: not done in time"]
        );
        drop(release);
    }
}
