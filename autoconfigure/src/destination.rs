//! Where signals go, and what is reported about it: the beginning and the end of an outage, and
//! losses, each once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use otel_otlp_exporter::Event;
use otel_otlp_exporter::Failure;

use crate::loss::Loss;
use crate::notice::Notice;
use crate::reachability::Attempt;
use crate::reachability::Reachability;
use crate::reachability::Way;
use crate::signal::Signal;

/// One receiver. Signals that share it share its outages: the first signal to notice one reports it
/// for all.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// Scheme, host and port.
    place: Arc<str>,
    state: Arc<Mutex<Reachability>>,
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

    /// Whether the signal already goes here.
    pub(crate) fn has(&self, signal: Signal) -> bool {
        self.state().way(signal).is_some()
    }

    /// Adds a signal that goes here, to this URL.
    pub(crate) fn add(&self, signal: Signal, url: &str, is_cumulative: bool) {
        if let Some(way) = self.state().ways.get_mut(signal as usize) {
            *way = Some(Way::new(url, is_cumulative));
        }
    }

    /// Records an event of a batch of the signal, and returns the notices to log.
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

    /// Records that the shutdown has begun.
    pub(crate) fn close(&self) {
        self.state().is_closing = true;
    }

    /// Records spans or records that the queue had no room for.
    pub(crate) fn dropped(&self, signal: Signal, items: u64) {
        if let Some(way) = self.state().way(signal) {
            way.lost += Loss::of(items, true);
        }
    }

    /// Why the signal cannot be delivered at the moment.
    pub(crate) fn trouble(&self, signal: Signal) -> Option<Failure> {
        self.state().way(signal)?.failure.clone()
    }

    /// What the signal has lost since its last success, and what was rejected. Signals that the
    /// receiver does not take are left out: many backends take one signal only, and their users
    /// chose them so.
    pub(crate) fn losses(&self, signal: Signal) -> Option<(String, Option<Failure>)> {
        self.state().losses(signal)
    }

    fn state(&self) -> MutexGuard<'_, Reachability> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "destination_tests.rs"]
mod tests;
