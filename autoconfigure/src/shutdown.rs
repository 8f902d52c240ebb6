//! Calls into the SDK that may block for longer than anybody wants to wait.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Instant,
};

use opentelemetry::Context;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use crate::signal::Signal;

pub(crate) type Call = Box<dyn FnOnce() -> OTelSdkResult + Send>;

/// Makes the calls at the same time and returns what went wrong until the deadline.
///
/// Each has a thread of its own: some of the SDK's calls have no limit, or one that is not ours.
pub(crate) fn all_until(deadline: Instant, calls: Vec<(Signal, Call)>) -> Vec<String> {
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
            Err(error) => failures.push(format!("{signal}: {error}")),
        }
    }
    drop(sender);
    while !waiting.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        match outcomes.recv_timeout(left) {
            Ok((signal, outcome)) => {
                waiting.retain(|other| *other != signal);
                match outcome {
                    // Done by someone who holds the provider, too.
                    Ok(()) | Err(OTelSdkError::AlreadyShutdown) => {}
                    Err(error) => failures.push(format!("{signal}: {error}")),
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let late = waiting.drain(..);
                failures.extend(late.map(|signal| format!("{signal}: not done in time")));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let lost = waiting.drain(..);
                failures.extend(lost.map(|signal| format!("{signal}: the SDK has panicked")));
            }
        }
    }
    failures
}

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
        let mut failures = all_until(Instant::now() + Duration::from_millis(500), calls);
        failures.sort();
        assert_eq!(
            failures,
            ["logs: Operation failed: full", "metrics: not done in time"]
        );
        drop(release);
    }
}
