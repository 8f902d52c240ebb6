//! Assembles the spans of running services until their traces are complete.

mod completeness;
mod recent;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use opentelemetry::trace::TraceId;

use crate::log::Log;
use crate::receive::Batch;
use crate::span::Span;
use crate::trace::{LONGEST_TRACE, Trace};

use completeness::Completeness;
use recent::Recent;

/// Assembles spans into traces, and returns each trace when it is complete.
///
/// A trace is complete when it has its root, every parent, and the other side of every answered
/// call. It is returned a moment later. Missing spans are waited for, but not forever: a service
/// that never exports is remembered after the first time, and a trace is returned as it is 60 s
/// after its first span. Later spans are returned as a separate trace with the same id;
/// [`Traces`](crate::Traces) merges both.
#[derive(Debug)]
pub struct Arrivals {
    incomplete: HashMap<TraceId, Incomplete>,
    /// When each trace is due.
    due: BTreeSet<(Instant, [u8; 16])>,
    size: usize,
    limit: usize,
    completeness: Completeness,
    handed_out: Recent<TraceId>,
    dropped: u64,
}

#[derive(Debug)]
struct Incomplete {
    spans: Vec<Span>,
    logs: Vec<Log>,
    size: usize,
    first: Instant,
    due: Instant,
}

impl Arrivals {
    /// Creates arrivals that hold at most about `limit` bytes; beyond that, traces are returned
    /// early.
    pub fn new(limit: usize) -> Self {
        Self {
            incomplete: HashMap::new(),
            due: BTreeSet::new(),
            size: 0,
            limit,
            completeness: Completeness::default(),
            handed_out: Recent::new(HANDED_OUT),
            dropped: 0,
        }
    }

    /// Declares that traces begin at this service. A caller may have sent it a trace context, but
    /// the caller's spans never come here, and are not waited for, even the first time.
    #[must_use]
    pub fn entered_at(mut self, service: &str) -> Self {
        self.completeness.add_entry(service);
        self
    }

    /// Adds the spans and logs of a batch.
    pub fn add(&mut self, Batch { spans, logs, .. }: Batch, now: Instant) {
        let mut touched = BTreeSet::new();
        for span in spans {
            let id = span.trace_id;
            let entry = entry(&mut self.incomplete, id, now);
            if entry.spans.len() >= LONGEST_TRACE {
                self.dropped += 1;
                continue;
            }
            let size = span.size();
            entry.size += size;
            self.size += size;
            entry.spans.push(span);
            touched.insert(id.to_bytes());
        }
        for log in logs {
            let id = log.trace_id;
            let entry = entry(&mut self.incomplete, id, now);
            if entry.logs.len() >= LONGEST_TRACE {
                continue;
            }
            let size = log.size();
            entry.size += size;
            self.size += size;
            entry.logs.push(log);
            touched.insert(id.to_bytes());
        }
        for id in touched {
            self.reschedule(TraceId::from_bytes(id), now);
        }
    }

    /// Returns the traces that are due.
    pub fn due(&mut self, now: Instant) -> Vec<Trace> {
        let mut out = Vec::new();
        while let Some((due, id)) = self.due.first().copied() {
            if due > now && self.size <= self.limit {
                break;
            }
            self.due.pop_first();
            out.extend(self.take(TraceId::from_bytes(id)));
        }
        in_order(out)
    }

    /// Returns all remaining traces, complete or not.
    pub fn rest(&mut self) -> Vec<Trace> {
        let mut out = Vec::new();
        while let Some((_, id)) = self.due.pop_first() {
            out.extend(self.take(TraceId::from_bytes(id)));
        }
        in_order(out)
    }

    /// When [`due`](Self::due) will next return a trace, if nothing arrives until then.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The number of spans dropped because their trace has more than can be shown.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn reschedule(&mut self, id: TraceId, now: Instant) {
        let Some(entry) = self.incomplete.get_mut(&id) else {
            return;
        };
        let patience = match entry.spans.is_empty() {
            // Logs without spans: the spans come later, or are not sampled.
            true if !self.handed_out.contains(&id) => LONGEST_WAIT,
            _ if self.handed_out.contains(&id) => LATE,
            _ => self.completeness.patience(&entry.spans),
        };
        self.due.remove(&(entry.due, id.to_bytes()));
        entry.due = (now + patience).min(entry.first + LONGEST_WAIT);
        self.due.insert((entry.due, id.to_bytes()));
    }

    fn take(&mut self, id: TraceId) -> Option<Trace> {
        let Incomplete {
            spans, logs, size, ..
        } = self.incomplete.remove(&id)?;
        self.size = self.size.saturating_sub(size);
        if spans.is_empty() && !self.handed_out.contains(&id) {
            return None;
        }
        self.completeness.learn(&spans);
        self.handed_out.insert(id);
        Some(Trace::new(spans).with_own_logs(logs))
    }
}

/// One export may complete several.
fn in_order(mut traces: Vec<Trace>) -> Vec<Trace> {
    traces.sort_by_key(|trace| trace.window().end);
    traces
}

fn entry(
    incomplete: &mut HashMap<TraceId, Incomplete>,
    id: TraceId,
    now: Instant,
) -> &mut Incomplete {
    incomplete.entry(id).or_insert_with(|| Incomplete {
        // Many traces have one span, and a new list would have room for four.
        spans: Vec::with_capacity(1),
        logs: Vec::new(),
        size: ENTRY,
        first: now,
        due: now,
    })
}

/// Late spans come in several parts, and each part is shown with all the others.
const LATE: Duration = Duration::from_secs(1);
/// Counted from the first span of a trace that does not end.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const HANDED_OUT: usize = 50_000;
/// With its entries in the other collections.
const ENTRY: usize = size_of::<Incomplete>() + 256;

#[cfg(test)]
mod tests;
