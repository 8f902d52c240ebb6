//! A trace as it was received: the model that analysis, waterfall, page and JSON share.

use std::collections::{BTreeMap, HashSet};
use std::iter;
use std::ops::Range;
use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceId};

use crate::clock;
use crate::log::Log;
use crate::span::{Kind, Span};

/// The spans of one trace, earliest first, with their parents and logs.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    spans: Vec<Span>,
    /// Parent and index of each child, sorted by parent and then by the child's start.
    children: Vec<(SpanId, usize)>,
    /// Sorted by span and time.
    logs: Vec<Log>,
    /// Stored because it is needed often and is expensive to compute.
    window: Range<u64>,
    size: usize,
}

impl Trace {
    /// Creates a trace. A span that was delivered twice (OTLP promises at least once) is kept once.
    /// All spans must have the same trace id.
    pub fn new(mut spans: Vec<Span>) -> Self {
        let mut seen = HashSet::new();
        spans.retain(|span| seen.insert(span.span_id));
        clock::align(&mut spans);
        spans.sort_by_key(|span| (span.start_unix_nano, u64::MAX - span.end_unix_nano));
        let child = |(index, span): (usize, &Span)| Some((span.parent_span_id?, index));
        let mut children: Vec<_> = spans.iter().enumerate().filter_map(child).collect();
        children.sort_by_key(|(parent, index)| (parent.to_bytes(), *index));
        let size = spans.iter().map(Span::size).sum::<usize>()
            + children.len() * size_of::<(SpanId, usize)>();
        let (spans, children) = (exact(spans), exact(children));
        let mut trace = Self {
            spans,
            children,
            logs: Vec::new(),
            window: 0..0,
            size,
        };
        trace.window = trace.find_window();
        trace
    }

    fn find_window(&self) -> Range<u64> {
        let mut tops = self.tops();
        if let (Some(root), None) = (tops.next(), tops.next()) {
            return root.interval();
        }
        let start = self.spans.first().map_or(0, |span| span.start_unix_nano);
        let end = self.spans.iter().map(|span| span.end_unix_nano).max();
        start..end.unwrap_or(start)
    }

    /// Adds those log records that belong to it.
    pub fn with_logs<'a>(mut self, logs: impl IntoIterator<Item = &'a Log>) -> Self {
        let id = self.id();
        let logs = logs.into_iter().filter(|log| Some(log.trace_id) == id);
        self.logs.extend(logs.cloned());
        self.sort_logs();
        self
    }

    /// Adds log records that are known to belong to it.
    pub(crate) fn with_own_logs(mut self, logs: Vec<Log>) -> Self {
        self.logs.extend(logs);
        self.sort_logs();
        self
    }

    fn sort_logs(&mut self) {
        self.logs
            .sort_by_key(|log| (log.span_id.to_bytes(), log.unix_nano));
        self.logs.dedup();
        self.size += self.logs.iter().map(Log::size).sum::<usize>();
    }

    /// A trace with the spans and logs of both.
    pub(crate) fn merge(&self, other: &Self) -> Self {
        let mut spans = self.spans.clone();
        spans.extend(other.spans.iter().cloned());
        for span in &mut spans {
            clock::undo(span);
        }
        let mut logs = self.logs.clone();
        logs.extend(other.logs.iter().cloned());
        Self::new(spans).with_own_logs(logs)
    }

    /// Groups spans by trace id. The trace that began first comes first.
    pub fn group(spans: Vec<Span>) -> Vec<Self> {
        let mut by_id: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for span in spans {
            by_id
                .entry(span.trace_id.to_bytes())
                .or_default()
                .push(span);
        }
        let mut traces: Vec<_> = by_id.into_values().map(Self::new).collect();
        traces.sort_by_key(|trace| trace.spans.first().map(|span| span.start_unix_nano));
        traces
    }

    /// The id of all spans; `None` without spans.
    pub fn id(&self) -> Option<TraceId> {
        self.spans.first().map(|span| span.trace_id)
    }

    /// The trace id of the logs, if all spans came before.
    pub(crate) fn id_of_logs(&self) -> Option<TraceId> {
        self.logs.first().map(|log| log.trace_id)
    }

    /// All spans, earliest first.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The span with this id.
    pub fn span(&self, id: SpanId) -> Option<&Span> {
        self.spans.iter().find(|span| span.span_id == id)
    }

    /// The span that stands for the trace: the first root, or else the earliest span.
    pub fn head(&self) -> Option<&Span> {
        let root = self.spans.iter().find(|span| span.parent_span_id.is_none());
        root.or(self.spans.first())
    }

    /// The services in the order in which the trace reached them.
    pub fn services(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let names = self.spans.iter().map(|span| &*span.service);
        names.filter(|name| seen.insert(*name)).collect()
    }

    /// The logs of the span, earliest first.
    pub fn logs(&self, span: &Span) -> &[Log] {
        let id = span.span_id.to_bytes();
        let start = self.logs.partition_point(|log| log.span_id.to_bytes() < id);
        let end = self
            .logs
            .partition_point(|log| log.span_id.to_bytes() <= id);
        self.logs.get(start..end).unwrap_or_default()
    }

    /// The children of this span, earliest first.
    pub fn children(&self, parent: &Span) -> impl DoubleEndedIterator<Item = &Span> {
        let id = parent.span_id.to_bytes();
        let start = self
            .children
            .partition_point(|(parent, _)| parent.to_bytes() < id);
        let end = self
            .children
            .partition_point(|(parent, _)| parent.to_bytes() <= id);
        let found = self.children.get(start..end).unwrap_or_default();
        found.iter().filter_map(|(_, index)| self.spans.get(*index))
    }

    /// The children, their children and so on, in no particular order.
    pub fn descendants(&self, ancestor: &Span) -> impl Iterator<Item = &Span> {
        let mut waiting: Vec<_> = self.children(ancestor).collect();
        // A sender may make two spans each other's parents.
        let mut seen = HashSet::from([ancestor.span_id]);
        iter::from_fn(move || {
            let next = loop {
                let next = waiting.pop()?;
                if seen.insert(next.span_id) {
                    break next;
                }
            };
            waiting.extend(self.children(next));
            Some(next)
        })
    }

    /// The topmost spans: the root, and those whose parent was not received.
    pub fn tops(&self) -> impl Iterator<Item = &Span> {
        let known: HashSet<_> = self.spans.iter().map(|span| span.span_id).collect();
        self.spans.iter().filter(move |span| {
            span.parent_span_id
                .is_none_or(|parent| !known.contains(&parent))
        })
    }

    /// The time that the caller waited: that of the root, or of all spans if there is no single
    /// root.
    pub fn window(&self) -> Range<u64> {
        self.window.clone()
    }

    /// How long the caller waited.
    pub fn duration(&self) -> Duration {
        let window = self.window();
        Duration::from_nanos(window.end.saturating_sub(window.start))
    }

    /// `true` if any span failed.
    pub fn has_error(&self) -> bool {
        self.spans.iter().any(Span::is_error)
    }

    /// The one server span that answered the call, if there is one.
    pub(crate) fn other_side(&self, call: &Span) -> Option<&Span> {
        let mut servers = self.children(call).filter(|span| span.kind == Kind::Server);
        match (servers.next(), servers.next()) {
            (Some(server), None) => Some(server),
            _ => None,
        }
    }

    /// The approximate number of bytes in memory.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.size + PLACE
    }
}

/// Copies a list to memory of its exact size, because it is kept for long. Shrinking in place would
/// leave gaps that are too small for the next trace.
fn exact<T>(list: Vec<T>) -> Vec<T> {
    let mut exact = Vec::with_capacity(list.len());
    exact.extend(list);
    exact
}

/// The memory for a trace's entry in other collections.
const PLACE: usize = 160;
/// A number of spans. More cannot be read by a person.
pub(crate) const LONGEST_TRACE: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::span;

    #[test]
    fn spans_whose_parent_is_missing_are_tops() {
        let trace = Trace::new(vec![
            span(3, 9, "orders", "orphan", 5..8),
            span(1, 0, "gateway", "root", 0..10),
            span(2, 1, "orders", "child", 1..4),
        ]);
        let tops: Vec<_> = trace.tops().map(|span| &*span.name).collect();
        assert_eq!(tops, ["root", "orphan"]);
        let children: Vec<_> = trace.children(trace.head().unwrap()).collect();
        assert_eq!(children.len(), 1);
    }

    #[test]
    fn window_is_the_roots_time_even_if_children_outlive_it() {
        let trace = Trace::new(vec![
            span(1, 0, "gateway", "root", 0..10),
            span(2, 1, "orders", "late", 1..40),
        ]);
        assert_eq!(trace.window(), 0..10_000_000);
    }

    #[test]
    fn span_delivered_twice_is_kept_once() {
        let root = span(1, 0, "gateway", "root", 0..10);
        assert_eq!(Trace::new(vec![root.clone(), root]).spans().len(), 1);
    }

    #[test]
    fn spans_that_are_each_others_parents_end_no_walk() {
        let trace = Trace::new(vec![
            span(1, 2, "gateway", "a", 0..10),
            span(2, 1, "gateway", "b", 0..10),
        ]);
        let first = trace.spans().first().unwrap();
        assert_eq!(trace.descendants(first).count(), 1);
        assert_eq!(trace.tops().count(), 0);
    }

    #[test]
    fn traces_are_grouped_by_id_in_the_order_they_began() {
        let mut later = span(1, 0, "gateway", "later", 20..30);
        later.trace_id = TraceId::from(0_u128);
        let traces = Trace::group(vec![later, span(1, 0, "gateway", "first", 0..10)]);
        let names: Vec<_> = traces
            .iter()
            .flat_map(Trace::spans)
            .map(|span| &*span.name)
            .collect();
        assert_eq!(names, ["first", "later"]);
    }
}
