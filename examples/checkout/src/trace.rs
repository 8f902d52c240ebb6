//! A trace as it was received: the model that analysis, waterfall and JSON share.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::iter;
use std::ops::Range;

use opentelemetry::trace::{SpanId, TraceId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::log::Log;

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent_span_id: Option<SpanId>,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) start_unix_nano: u64,
    pub(crate) end_unix_nano: u64,
    pub(crate) status: Status,
    pub(crate) attributes: Map<String, Value>,
}

impl Span {
    pub(crate) fn interval(&self) -> Range<u64> {
        self.start_unix_nano..self.end_unix_nano
    }

    pub(crate) fn is_error(&self) -> bool {
        self.status == Status::Error
    }

    /// A call to a service, as opposed to one to a database, which is of kind client too.
    pub(crate) fn is_call(&self) -> bool {
        let protocols = ["http.request.method", "rpc.system.name"];
        self.kind == Kind::Client
            && protocols
                .iter()
                .any(|key| self.attributes.contains_key(*key))
    }

    /// Whether the other side of a call has answered it for certain.
    pub(crate) fn is_answered(&self) -> bool {
        match self.attributes.get("rpc.status_code") {
            Some(code) => code
                .as_str()
                .is_some_and(|code| SAID_BY_SERVERS.contains(&code)),
            None => self.attributes.contains_key("http.response.status_code"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Unset,
    Ok,
    Error,
}

/// The spans of one trace, earliest first, who is whose parent, and what was logged in them.
#[derive(Debug)]
pub(crate) struct Trace {
    spans: Vec<Span>,
    children: HashMap<SpanId, Vec<usize>>,
    logs: HashMap<SpanId, Vec<Log>>,
}

impl Trace {
    /// A span that was delivered twice (OTLP promises at least once) is kept once.
    pub(crate) fn new(mut spans: Vec<Span>) -> Self {
        let mut seen = HashSet::new();
        spans.retain(|span| seen.insert(span.span_id));
        spans.sort_by_key(|span| (span.start_unix_nano, u64::MAX - span.end_unix_nano));

        let mut children: HashMap<_, Vec<_>> = HashMap::new();
        for (index, span) in spans.iter().enumerate() {
            if let Some(parent) = span.parent_span_id {
                children.entry(parent).or_default().push(index);
            }
        }
        Self {
            spans,
            children,
            logs: HashMap::new(),
        }
    }

    /// With those of the log records that belong to it.
    pub(crate) fn with_logs<'a>(mut self, logs: impl IntoIterator<Item = &'a Log>) -> Self {
        let id = self.id();
        let mut logs: Vec<_> = logs
            .into_iter()
            .filter(|log| Some(log.trace_id) == id)
            .collect();
        logs.sort_by_key(|log| log.unix_nano);
        for log in logs {
            self.logs.entry(log.span_id).or_default().push(log.clone());
        }
        self
    }

    /// What was logged in the span, earliest first.
    pub(crate) fn logs(&self, span: &Span) -> &[Log] {
        self.logs.get(&span.span_id).map_or(&[], Vec::as_slice)
    }

    /// One trace for each trace id, the one that began first in front.
    pub(crate) fn group(spans: Vec<Span>) -> Vec<Self> {
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

    pub(crate) fn id(&self) -> Option<TraceId> {
        self.spans.first().map(|span| span.trace_id)
    }

    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub(crate) fn children(&self, parent: &Span) -> impl Iterator<Item = &Span> {
        self.children
            .get(&parent.span_id)
            .into_iter()
            .flatten()
            .filter_map(|index| self.spans.get(*index))
    }

    /// Children, their children and so on, in no particular order.
    pub(crate) fn descendants(&self, ancestor: &Span) -> impl Iterator<Item = &Span> {
        let mut waiting: Vec<_> = self.children(ancestor).collect();
        iter::from_fn(move || {
            let next = waiting.pop()?;
            waiting.extend(self.children(next));
            Some(next)
        })
    }

    /// The spans to begin with: the root, and those whose parent was not received.
    pub(crate) fn tops(&self) -> impl Iterator<Item = &Span> {
        let known: HashSet<_> = self.spans.iter().map(|span| span.span_id).collect();
        self.spans.iter().filter(move |span| {
            span.parent_span_id
                .is_none_or(|parent| !known.contains(&parent))
        })
    }

    /// The time the caller waited: that of the root, or without a single root that of all spans.
    pub(crate) fn window(&self) -> Range<u64> {
        let mut tops = self.tops();
        if let (Some(root), None) = (tops.next(), tops.next()) {
            return root.interval();
        }
        let start = self.spans.first().map_or(0, |span| span.start_unix_nano);
        let end = self.spans.iter().map(|span| span.end_unix_nano).max();
        start..end.unwrap_or(start)
    }
}

/// The codes of gRPC that [no client makes up](https://grpc.io/docs/guides/status-codes/) where
/// nobody has answered.
const SAID_BY_SERVERS: [&str; 8] = [
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "DATA_LOSS",
];

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A span of service `service`, for tests; times in milliseconds.
    pub(crate) fn span(id: u64, parent: u64, service: &str, name: &str, ms: Range<u64>) -> Span {
        Span {
            trace_id: TraceId::from(1_u128),
            span_id: SpanId::from(id),
            parent_span_id: (parent != 0).then(|| SpanId::from(parent)),
            service: service.to_owned(),
            name: name.to_owned(),
            kind: Kind::Server,
            start_unix_nano: ms.start * 1_000_000,
            end_unix_nano: ms.end * 1_000_000,
            status: Status::Unset,
            attributes: Map::new(),
        }
    }

    #[test]
    fn spans_whose_parent_is_missing_are_tops() {
        let trace = Trace::new(vec![
            span(3, 9, "orders", "orphan", 5..8),
            span(1, 0, "gateway", "root", 0..10),
            span(2, 1, "orders", "child", 1..4),
        ]);
        let tops: Vec<_> = trace.tops().map(|span| span.name.as_str()).collect();
        assert_eq!(tops, ["root", "orphan"]);
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
    fn traces_are_grouped_by_id_in_the_order_they_began() {
        let mut later = span(1, 0, "gateway", "later", 20..30);
        later.trace_id = TraceId::from(0_u128);
        let traces = Trace::group(vec![later, span(1, 0, "gateway", "first", 0..10)]);
        let names: Vec<_> = traces
            .iter()
            .flat_map(Trace::spans)
            .map(|span| span.name.as_str())
            .collect();
        assert_eq!(names, ["first", "later"]);
    }
}
