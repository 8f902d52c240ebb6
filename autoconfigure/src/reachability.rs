//! The state of one receiver: whether it is reachable, what was lost, and what has been reported.

use std::time::Instant;

use otel_otlp_exporter::Failure;
use otel_otlp_exporter::FailureKind;

use crate::loss::Loss;
use crate::notice::Notice;
use crate::signal::Signal;

/// Outages and losses of one receiver, and whether they have been reported.
#[derive(Debug, Default)]
pub(crate) struct Reachability {
    /// The beginning of an outage that was reported and has not ended.
    told_since: Option<Instant>,
    last_success: Option<Instant>,
    /// Losses are now returned by the shutdown, and no longer reported.
    pub(crate) is_closing: bool,
    pub(crate) ways: [Option<Way>; 3],
}

/// The delivery of one signal to the receiver.
#[derive(Debug)]
pub(crate) struct Way {
    url: String,
    /// The next export repeats what was given up.
    is_cumulative: bool,
    /// Why the last attempt failed, unless it succeeded.
    pub(crate) failure: Option<Failure>,
    has_tried: bool,
    /// It has reported an outage, and has not succeeded since.
    is_outage_told: bool,
    is_loss_told: bool,
    is_rejection_told: bool,
    /// Lost since the last success.
    pub(crate) lost: Loss,
    /// The reason of the loss.
    reason: Option<Failure>,
    /// How many items the receiver says it has dropped, in total.
    rejected: u64,
    rejection: String,
}

/// An attempt that has failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) failure: &'a Failure,
    pub(crate) began: Instant,
    pub(crate) is_retried: bool,
}

impl Reachability {
    pub(crate) fn way(&mut self, signal: Signal) -> Option<&mut Way> {
        self.ways.get_mut(signal as usize)?.as_mut()
    }

    pub(crate) fn failed(
        &mut self,
        place: &str,
        signal: Signal,
        attempt: &Attempt<'_>,
    ) -> Vec<Notice> {
        let Attempt { failure, began, .. } = *attempt;
        // An attempt that began before the last success says nothing about the receiver's state
        // now.
        let is_old = self.last_success.is_some_and(|success| began < success);
        let is_out = self.told_since.is_some();
        let Some(way) = self.way(signal) else {
            return Vec::new();
        };
        way.has_tried = true;
        way.failure = Some(failure.clone());
        if !failure.is_retryable() || is_old || is_out || way.is_outage_told {
            return Vec::new();
        }
        way.is_outage_told = true;
        self.told_since = Some(began);
        let hint = match failure.kind() {
            // A receiver of the other protocol may wait for the rest of what it takes for a line.
            FailureKind::Timeout if self.last_success.is_none() => wrong_endpoint(signal),
            _ => String::new(),
        };
        let none = signal.exporter_variable();
        let kept = match attempt.is_retried {
            true => "; they are kept and tried again",
            false => "",
        };
        vec![Notice::warning(format!(
            "{signal} cannot be exported to {place} at the moment: {failure}{hint}{kept}; this is said \
             once until it works ({none}=none exports none)"
        ))]
    }

    pub(crate) fn delivered(
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
            let text = match rejected {
                0 => format!("{} says of {signal}: {message:?}", way.url),
                _ => format!("{} did not take all {signal}: {message:?}, {lost}", way.url),
            };
            notices.push(Notice::warning(format!("{text}; this is said once")));
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
            way.is_outage_told = false;
            way.is_loss_told = false;
            way.lost = Loss::default();
            way.reason = None;
        }
        notices
    }

    pub(crate) fn lost(&mut self, signal: Signal, loss: Loss, failure: &Failure) -> Vec<Notice> {
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

    /// What the signal has lost since its last success, and what was rejected, as the shutdown
    /// returns it.
    pub(crate) fn losses(&mut self, signal: Signal) -> Option<(String, Option<Failure>)> {
        let is_wrong_endpoint = self.is_wrong_endpoint();
        let way = self.way(signal)?;
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

    /// The losses of each signal. Their counts start again from zero.
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

    /// A receiver that knows none of the exported signals cannot be the intended one.
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
    pub(crate) fn new(url: &str, is_cumulative: bool) -> Self {
        Self {
            url: url.to_owned(),
            is_cumulative,
            failure: None,
            has_tried: false,
            is_outage_told: false,
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

/// A remedy, if one is known.
fn hint(signal: Signal, failure: &Failure) -> String {
    let [_, protocol] = signal.otlp_variables("PROTOCOL");
    match failure.kind() {
        FailureKind::OtherProtocol => {
            format!("; {protocol} says which protocol is spoken, grpc or http/protobuf")
        }
        _ => String::new(),
    }
}
