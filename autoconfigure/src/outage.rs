//! A collector that cannot be reached: said once, not once a batch.

use std::{
    fmt::Display,
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{signal::Signal, subscriber::is_vacant};

/// Where signals go, and whether they get there. Signals that share a collector share its
/// outages: the first to notice reports it for all.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    endpoint: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Someone has reported, and nothing has arrived since.
    is_out: bool,
    pipelines: [Pipeline; 3],
}

#[derive(Debug, Default)]
struct Pipeline {
    /// Its own failure was reported, and it has not succeeded since.
    is_reported: bool,
    rejection: Option<Rejection>,
    /// What was lost since it last succeeded, and why.
    lost: u64,
    reason: String,
}

#[derive(Debug)]
enum Rejection {
    New(String),
    Reported,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Nothing,
    Outage,
    Recovery { lost: u64 },
}

impl Destination {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.into(),
            state: Arc::default(),
        }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn succeeded(&self, signal: Signal) {
        if let Some(what) = self.rejection(signal) {
            let text = format!(
                "{} did not take all {signal}: {what}; this is said once",
                self.endpoint
            );
            say(true, &text);
        }
        if let Report::Recovery { lost } = self.success(signal) {
            say(
                false,
                &format!("{signal} arrive at {} again; {lost} lost", self.endpoint),
            );
        }
    }

    pub(crate) fn failed(&self, signal: Signal, count: u64, reason: &impl Display) {
        let reason = reason.to_string();
        let reason = reason.strip_prefix("Operation failed: ").unwrap_or(&reason);
        // The exporter names its own types.
        let reason = reason
            .split_once("export failed with ")
            .map_or(reason, |(_, reason)| reason);
        if self.failure(signal, count, reason) == Report::Outage {
            let variable = signal.exporter_variable();
            say(
                true,
                &format!(
                    "{signal} cannot be exported to {}: {reason}; this is said once until it works \
                     again ({variable}=none exports none)",
                    self.endpoint
                ),
            );
        }
    }

    /// The collector has answered, but did not want all of it. To be said when the export is
    /// over: this is called by what listens to the exporter, and is not listened to itself.
    pub(crate) fn rejected(&self, signal: Signal, what: String) {
        if let Some(pipeline) = pipeline(&mut self.state(), signal) {
            pipeline.rejection.get_or_insert(Rejection::New(what));
        }
    }

    /// What the signal has lost since it last got through. Not what nobody has asked for: many
    /// backends take one signal only, and the others go nowhere by their owner's choice.
    pub(crate) fn loss(&self, signal: Signal) -> Option<String> {
        let mut state = self.state();
        let Pipeline { lost, reason, .. } = pipeline(&mut state, signal)?;
        (*lost > 0 && !is_no_such_service(reason)).then(|| {
            let endpoint = &self.endpoint;
            format!("{signal} could not be exported to {endpoint}: {reason} ({lost} lost)")
        })
    }

    fn rejection(&self, signal: Signal) -> Option<String> {
        let mut state = self.state();
        let rejection = pipeline(&mut state, signal)?.rejection.as_mut()?;
        match mem::replace(rejection, Rejection::Reported) {
            Rejection::New(what) => Some(what),
            Rejection::Reported => None,
        }
    }

    fn success(&self, signal: Signal) -> Report {
        let mut state = self.state();
        state.is_out = false;
        let Some(pipeline) = pipeline(&mut state, signal) else {
            return Report::Nothing;
        };
        let lost = mem::take(&mut pipeline.lost);
        match mem::take(&mut pipeline.is_reported) {
            true => Report::Recovery { lost },
            false => Report::Nothing,
        }
    }

    fn failure(&self, signal: Signal, count: u64, why: &str) -> Report {
        let mut state = self.state();
        let is_out = state.is_out;
        let Some(pipeline) = pipeline(&mut state, signal) else {
            return Report::Nothing;
        };
        pipeline.lost += count;
        why.clone_into(&mut pipeline.reason);
        if is_out || pipeline.is_reported {
            return Report::Nothing;
        }
        pipeline.is_reported = true;
        state.is_out = true;
        Report::Outage
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pipeline(state: &mut State, signal: Signal) -> Option<&mut Pipeline> {
    state.pipelines.get_mut(signal as usize)
}

/// The answer of a collector that has no place for a signal, over gRPC and over HTTP.
fn is_no_such_service(reason: &str) -> bool {
    reason == "gRPC code: Unimplemented" || reason == "status code: 404"
}

/// To whoever collects logs; on standard error if nobody does.
pub(crate) fn say(is_warning: bool, text: &str) {
    if is_vacant() {
        // Nobody is left to be told that standard error is closed; `eprintln!` would panic.
        let _ = writeln!(io::stderr(), "otel-autoconfigure: {text}");
    } else if is_warning {
        tracing::warn!(target: TARGET, "{text}");
    } else {
        tracing::info!(target: TARGET, "{text}");
    }
}

const TARGET: &str = "otel_autoconfigure";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_is_reported_by_the_first_signal_that_notices() {
        let collector = Destination::new("http://collector");
        assert_eq!(
            collector.failure(Signal::Logs, 3, "refused"),
            Report::Outage
        );
        for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
            assert_eq!(collector.failure(signal, 1, "refused"), Report::Nothing);
        }
        assert_eq!(collector.success(Signal::Traces), Report::Nothing);
        assert_eq!(
            collector.success(Signal::Logs),
            Report::Recovery { lost: 4 }
        );
        assert_eq!(collector.failure(Signal::Logs, 1, "reset"), Report::Outage);
    }

    #[test]
    fn signal_that_is_refused_while_others_pass_is_reported_once() {
        let backend = Destination::new("http://backend");
        assert_eq!(backend.failure(Signal::Logs, 1, "no logs"), Report::Outage);
        for _ in 0..3 {
            assert_eq!(backend.success(Signal::Traces), Report::Nothing);
            assert_eq!(backend.failure(Signal::Logs, 1, "no logs"), Report::Nothing);
        }
        assert_eq!(
            backend.failure(Signal::Metrics, 1, "no metrics"),
            Report::Outage
        );
        assert_eq!(backend.success(Signal::Traces), Report::Nothing);
        assert_eq!(
            backend.failure(Signal::Metrics, 1, "no metrics"),
            Report::Nothing
        );
    }

    #[test]
    fn loss_is_what_was_lost_since_the_last_success() {
        let collector = Destination::new("http://collector");
        assert_eq!(collector.loss(Signal::Traces), None);
        collector.failure(Signal::Traces, 2, "refused");
        collector.failure(Signal::Traces, 5, "slow");
        assert_eq!(
            collector.loss(Signal::Traces).unwrap(),
            "traces could not be exported to http://collector: slow (7 lost)"
        );
        assert_eq!(collector.loss(Signal::Logs), None);
        collector.success(Signal::Traces);
        assert_eq!(collector.loss(Signal::Traces), None);
        collector.failure(Signal::Logs, 1, "gRPC code: Unimplemented");
        assert_eq!(collector.loss(Signal::Logs), None);
    }
}
