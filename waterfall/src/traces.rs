//! The traces seen so far, newest first, in limited memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::TraceId;
use tokio::sync::watch;

use crate::filter::Filter;
use crate::trace::{LONGEST_TRACE, Trace};

/// The traces seen so far. Clones share them, so that one can add traces and another can show them.
#[derive(Clone, Debug)]
pub struct Traces {
    shelf: Arc<Mutex<Shelf>>,
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Shelf {
    traces: HashMap<TraceId, Arc<Trace>>,
    /// Oldest first.
    order: VecDeque<TraceId>,
    size: usize,
    limit: usize,
    counts: Counts,
}

/// How many traces and spans were added, and how many of them were dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// All traces added so far.
    pub traces: u64,
    /// All spans added so far.
    pub spans: u64,
    /// Traces dropped to make room for newer ones.
    pub forgotten: u64,
    /// Spans dropped because their trace has more than can be shown.
    pub dropped: u64,
}

/// A trace after something was added to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Put {
    /// The whole trace as it is now.
    pub trace: Arc<Trace>,
    /// The added part.
    pub arrived: Arc<Trace>,
    /// `true` if it had spans before.
    pub was_known: bool,
    /// `true` if it has spans now that it did not have before.
    pub has_new_spans: bool,
}

impl Traces {
    /// Creates a store of at most about `limit` bytes; the oldest traces make room for new ones.
    pub fn new(limit: usize) -> Self {
        let shelf = Shelf {
            traces: HashMap::new(),
            order: VecDeque::new(),
            size: 0,
            limit,
            counts: Counts::default(),
        };
        Self {
            shelf: Arc::new(Mutex::new(shelf)),
            changes: watch::Sender::new(0),
        }
    }

    /// Adds a trace, and merges it with what is already known of it. `None` if there is still no
    /// span of it, or if it already has as many spans as can be shown.
    pub fn put(&self, trace: Trace) -> Option<Put> {
        let put = self.shelf().put(trace)?;
        self.changes.send_modify(|change| *change += 1);
        Some(put)
    }

    /// The trace with this id, if it is still in memory.
    pub fn get(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.shelf().traces.get(&id).cloned()
    }

    /// The traces that the filter selects, newest first.
    pub fn newest(&self, filter: &Filter, skip: usize, take: usize) -> Vec<Arc<Trace>> {
        let shelf = self.shelf();
        let traces = shelf.order.iter().rev();
        traces
            .filter_map(|id| shelf.traces.get(id))
            .filter(|trace| filter.lets_through(trace))
            .skip(skip)
            .take(take)
            .cloned()
            .collect()
    }

    /// The numbers of traces and spans so far.
    pub fn counts(&self) -> Counts {
        self.shelf().counts
    }

    /// Notifies of each change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn put(&mut self, trace: Trace) -> Option<Put> {
        let id = trace.id().or(trace.id_of_logs())?;
        let known = self.traces.get(&id);
        if known.is_some_and(|known| known.spans().len() >= LONGEST_TRACE) {
            self.counts.dropped += trace.spans().len() as u64;
            return None;
        }
        let known = self.traces.remove(&id);
        if known.is_none() && trace.spans().is_empty() {
            return None;
        }
        let before = known.as_ref().map_or(0, |known| known.spans().len());
        self.size -= known.as_ref().map_or(0, |known| known.size());
        let arrived = Arc::new(trace);
        let merged = match &known {
            Some(known) => Arc::new(known.merge(&arrived)),
            None => arrived.clone(),
        };
        let new = merged.spans().len().saturating_sub(before);
        self.counts.spans += new as u64;
        if known.is_none() {
            self.counts.traces += 1;
            self.order.push_back(id);
        }
        self.size += merged.size();
        self.traces.insert(id, merged.clone());
        self.make_room();
        Some(Put {
            trace: merged,
            arrived,
            was_known: known.is_some(),
            has_new_spans: new > 0,
        })
    }

    fn make_room(&mut self) {
        while self.size > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(oldest) = self.traces.remove(&oldest) {
                self.size -= oldest.size();
                self.counts.forgotten += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    fn trace(id: u128) -> Trace {
        let mut root = span(1, 0, "gateway", "GET /", 0..10);
        root.trace_id = id.into();
        Trace::new(vec![root])
    }

    #[test]
    fn oldest_make_room_and_are_counted() {
        let traces = Traces::new(10 * trace(1).size());
        for id in 1..=1_000 {
            traces.put(trace(id));
        }
        let counts = traces.counts();
        assert_eq!((counts.traces, counts.forgotten), (1_000, 990));
        let left = traces.newest(&Filter::default(), 0, usize::MAX);
        let ids: Vec<_> = left.iter().filter_map(|trace| trace.id()).collect();
        let newest: Vec<_> = (991..=1_000_u128).rev().map(TraceId::from).collect();
        assert_eq!(ids, newest);
    }

    #[test]
    fn trace_that_grows_for_ever_is_cut_and_one_that_is_too_large_is_not_kept() {
        let traces = Traces::new(usize::MAX);
        let part = |part: u64| {
            let ids = part * 10_000 + 1..=(part + 1) * 10_000;
            Trace::new(ids.map(|id| span(id, 0, "poller", "poll", 0..1)).collect())
        };
        for number in 0..6 {
            traces.put(part(number));
        }
        let counts = traces.counts();
        assert_eq!((counts.spans, counts.dropped), (50_000, 10_000));

        let traces = Traces::new(1_000);
        assert_eq!(traces.put(part(0)).unwrap().trace.spans().len(), 10_000);
        assert_eq!(traces.counts().forgotten, 1);
        assert!(traces.get(1_u128.into()).is_none());
    }

    #[test]
    fn late_spans_are_put_to_their_trace() {
        let traces = Traces::new(usize::MAX);
        assert!(!traces.put(trace(1)).unwrap().was_known);
        let late = Trace::new(vec![span(2, 1, "orders", "late", 1..2)]);
        let put = traces.put(late.clone()).unwrap();
        assert!(put.was_known && put.has_new_spans);
        assert_eq!(put.trace.spans().len(), 2);
        assert!(!traces.put(late).unwrap().has_new_spans);
        assert_eq!((traces.counts().traces, traces.counts().spans), (1, 2));
    }
}
