//! Where signals go, and what is told about it: an outage when it begins and when it ends, losses
//! when they are losses, each once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Instant;

use otel_otlp_exporter::Event;
use otel_otlp_exporter::Failure;
use otel_otlp_exporter::FailureKind;

use crate::loss::Loss;
use crate::notice::Notice;
use crate::signal::Signal;

/// One receiver. Signals that share it share its outages: the first to notice reports it for all.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// Scheme, host and port.
    place: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// When the outage began that has been told, and whose end has not.
    told_since: Option<Instant>,
    last_success: Option<Instant>,
    /// What is lost from now on is returned by the shutdown rather than told.
    is_closing: bool,
    ways: [Option<Way>; 3],
}

/// One signal on its way to the receiver.
#[derive(Debug)]
struct Way {
    url: String,
    /// What is given up is in the next export, too.
    is_cumulative: bool,
    /// Why the last attempt failed, unless it succeeded.
    failure: Option<Failure>,
    has_tried: bool,
    is_loss_told: bool,
    is_rejection_told: bool,
    /// Since the last success.
    lost: Loss,
    /// Why.
    reason: Option<Failure>,
    /// What the receiver has said to have dropped, ever.
    rejected: u64,
    rejection: String,
}

/// An attempt that has failed.
#[derive(Clone, Copy, Debug)]
struct Attempt<'a> {
    failure: &'a Failure,
    began: Instant,
    is_retried: bool,
}

impl Destination {
    pub(crate) fn new(place: &str) -> Self {
        Self {
            place: place.into(),
            state: Arc::default(),
        }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The signal goes here, to this URL.
    pub(crate) fn add(&self, signal: Signal, url: &str, is_cumulative: bool) {
        if let Some(way) = self.state().ways.get_mut(signal as usize) {
            *way = Some(Way::new(url, is_cumulative));
        }
    }

    /// Takes note of what happened to a batch of the signal, and returns what is to be said.
    pub(crate) fn heard(&self, signal: Signal, event: &Event<'_>) -> Vec<Notice> {
        let mut state = self.state();
        match event {
            Event::AttemptFailed {
                failure,
                began,
                is_retried,
                ..
            } => {
                let attempt = Attempt {
                    failure,
                    began: *began,
                    is_retried: *is_retried,
                };
                state.failed(&self.place, signal, &attempt)
            }
            Event::Delivered {
                rejected, message, ..
            } => state.delivered(&self.place, signal, *rejected, message),
            Event::Lost {
                items,
                is_certain,
                failure,
                ..
            } => state.lost(signal, Loss::of(*items, *is_certain), failure),
            _ => Vec::new(),
        }
    }

    /// The shutdown has begun.
    pub(crate) fn close(&self) {
        self.state().is_closing = true;
    }

    /// Spans or records that the queue had no room for.
    pub(crate) fn dropped(&self, signal: Signal, items: u64) {
        if let Some(way) = self.state().way(signal) {
            way.lost += Loss::of(items, true);
        }
    }

    /// Why the signal does not get through at the moment.
    pub(crate) fn trouble(&self, signal: Signal) -> Option<Failure> {
        self.state().way(signal)?.failure.clone()
    }

    /// What the signal has lost since it last got through, and what was rejected. Not what nobody
    /// has asked for: many backends take one signal only, and the others go nowhere by their
    /// owner's choice.
    pub(crate) fn losses(&self, signal: Signal) -> Option<(String, Option<Failure>)> {
        let mut state = self.state();
        let is_wrong_endpoint = state.is_wrong_endpoint();
        let way = state.way(signal)?;
        if way.rejected > 0 && way.lost.is_nothing() {
            let lost = Loss::of(way.rejected, true).in_words(signal);
            return Some((
                format!("{} rejected some: {}, {lost}", way.url, way.rejection),
                None,
            ));
        }
        let reason = way.reason.clone()?;
        let is_unknown = reason.kind() == FailureKind::NoSuchService;
        if way.lost.is_nothing() || (is_unknown && !is_wrong_endpoint) {
            return None;
        }
        let lost = way.lost.in_words(signal);
        let hint = if is_wrong_endpoint {
            wrong_endpoint(signal)
        } else {
            hint(signal, &reason)
        };
        let text = format!(
            "could not be exported to {}: {reason}{hint} ({lost})",
            way.url
        );
        Some((text, Some(reason)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn way(&mut self, signal: Signal) -> Option<&mut Way> {
        self.ways.get_mut(signal as usize)?.as_mut()
    }

    fn failed(&mut self, place: &str, signal: Signal, attempt: &Attempt<'_>) -> Vec<Notice> {
        let Attempt { failure, began, .. } = *attempt;
        // What began before the receiver was last known to be well does not say that it is not.
        let is_old = self.last_success.is_some_and(|success| began < success);
        let is_out = self.told_since.is_some();
        let Some(way) = self.way(signal) else {
            return Vec::new();
        };
        way.has_tried = true;
        let was_failing = way.failure.replace(failure.clone()).is_some();
        if !failure.is_retryable() || is_old || was_failing || is_out {
            return Vec::new();
        }
        self.told_since = Some(began);
        let none = signal.exporter_variable();
        let kept = match attempt.is_retried {
            true => "; they are kept and tried again",
            false => "",
        };
        vec![Notice::warning(format!(
            "{signal} cannot be exported to {place} at the moment: {failure}{kept}; this is said \
             once until it works ({none}=none exports none)"
        ))]
    }

    fn delivered(
        &mut self,
        place: &str,
        signal: Signal,
        rejected: u64,
        message: &str,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.last_success = Some(Instant::now());
        let told_since = self.told_since;
        let Some(way) = self.way(signal) else {
            return notices;
        };
        way.has_tried = true;
        way.rejected += rejected;
        if (rejected > 0 || !message.is_empty()) && !way.is_rejection_told {
            way.is_rejection_told = true;
            message.clone_into(&mut way.rejection);
            let lost = Loss::of(rejected, true).in_words(signal);
            notices.push(Notice::warning(format!(
                "{} did not take all {signal}: {message:?}, {lost}; this is said once",
                way.url
            )));
        }
        let was_failing = way.failure.take().is_some();
        match told_since {
            Some(since) if was_failing => {
                self.told_since = None;
                let lost = self.losses_of_all();
                let took = since.elapsed();
                notices.push(Notice::information(format!(
                    "{place} takes telemetry again after {took:.1?}: {lost}"
                )));
            }
            _ if was_failing && !way.is_cumulative && !way.lost.is_nothing() => {
                let lost = std::mem::take(&mut way.lost).in_words(signal);
                notices.push(Notice::information(format!(
                    "{signal} are taken by {} again: {lost}",
                    way.url
                )));
            }
            _ => {}
        }
        if let Some(way) = self.way(signal) {
            way.is_loss_told = false;
            way.lost = Loss::default();
            way.reason = None;
        }
        notices
    }

    fn lost(&mut self, signal: Signal, loss: Loss, failure: &Failure) -> Vec<Notice> {
        let (is_known, is_closing) = (self.last_success.is_some(), self.is_closing);
        let Some(way) = self.way(signal) else {
            return Vec::new();
        };
        way.reason = Some(failure.clone());
        let is_superseded = way.is_cumulative && failure.is_retryable();
        if way.is_cumulative {
            way.lost = loss;
        } else {
            way.lost += loss;
        }
        if way.is_loss_told || is_closing || is_superseded {
            return Vec::new();
        }
        way.is_loss_told = true;
        let (url, none) = (&way.url, signal.exporter_variable());
        let lost = loss.in_words(signal);
        let hint = match failure.kind() {
            FailureKind::NoSuchService if !is_known => wrong_endpoint(signal),
            _ => hint(signal, failure),
        };
        let what = match failure.is_retryable() {
            true => "are given up: they cannot be exported to",
            false => "are not taken by",
        };
        vec![Notice::warning(format!(
            "{signal} {what} {url}: {failure}{hint}; {lost}, and this is said once until it works \
             ({none}=none exports none)"
        ))]
    }

    /// What each signal has lost, which is counted anew from here on.
    fn losses_of_all(&mut self) -> String {
        let ways = Signal::ALL.into_iter().zip(&mut self.ways);
        let losses = ways.filter_map(|(signal, way)| {
            let way = way.as_mut()?;
            let lost = std::mem::take(&mut way.lost);
            let lost = if way.is_cumulative {
                Loss::default()
            } else {
                lost
            };
            Some(format!("{signal}: {}", lost.in_words(signal)))
        });
        losses.collect::<Vec<_>>().join(", ")
    }

    /// Nobody can want all of what is exported to be unknown there.
    fn is_wrong_endpoint(&self) -> bool {
        let mut tried = self.ways.iter().flatten().filter(|way| way.has_tried);
        self.last_success.is_none()
            && tried.all(|way| {
                let failure = way.failure.as_ref();
                failure.is_some_and(|failure| failure.kind() == FailureKind::NoSuchService)
            })
    }
}

impl Way {
    fn new(url: &str, is_cumulative: bool) -> Self {
        Self {
            url: url.to_owned(),
            is_cumulative,
            failure: None,
            has_tried: false,
            is_loss_told: false,
            is_rejection_told: false,
            lost: Loss::default(),
            reason: None,
            rejected: 0,
            rejection: String::new(),
        }
    }
}

fn wrong_endpoint(signal: Signal) -> String {
    let [_, endpoint] = signal.otlp_variables("ENDPOINT");
    let [_, protocol] = signal.otlp_variables("PROTOCOL");
    format!("; is {endpoint} right, and {protocol}?")
}

/// What can be done about it, if that is known.
fn hint(signal: Signal, failure: &Failure) -> String {
    let [_, protocol] = signal.otlp_variables("PROTOCOL");
    match failure.kind() {
        FailureKind::OtherProtocol => {
            format!("; {protocol} says which protocol is spoken, grpc or http/protobuf")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
#[path = "destination_tests.rs"]
mod tests;
