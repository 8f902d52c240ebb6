//! A graph of services: the calls between them, with their rate, errors and durations.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::time::Duration;

use opentelemetry::trace::SpanId;

use crate::span::{Kind, Span};
use crate::trace::Trace;

/// Services and the calls between them.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) edges: BTreeMap<(String, String), Figures>,
    /// The time from the first span to the last.
    seen: Option<Range<u64>>,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    /// The requests that it has answered.
    pub(super) figures: Figures,
    /// `true` if it has sent spans itself.
    pub(super) is_service: bool,
    /// The largest number of calls on the way to it.
    pub(super) level: usize,
}

#[derive(Debug, Default)]
pub(super) struct Figures {
    durations: Vec<Duration>,
    errors: usize,
}

impl Graph {
    pub(super) fn of<'a>(traces: impl Iterator<Item = &'a Trace>) -> Self {
        let mut graph = Self::default();
        for trace in traces {
            let spans = trace.spans().iter();
            let by_id = spans.map(|span| (span.span_id, span)).collect();
            for span in trace.spans() {
                graph.add(trace, &by_id, span);
            }
        }
        graph.set_levels();
        graph
    }

    fn add(&mut self, trace: &Trace, by_id: &HashMap<SpanId, &Span>, span: &Span) {
        let seen = self.seen.get_or_insert(span.interval());
        *seen = seen.start.min(span.start_unix_nano)..seen.end.max(span.end_unix_nano);
        self.node(&span.service).is_service = true;
        match span.kind {
            Kind::Server | Kind::Consumer => {
                self.node(&span.service).figures.add(span);
                let caller = span.parent_span_id.and_then(|parent| by_id.get(&parent));
                if let Some(caller) = caller.filter(|caller| caller.service != span.service) {
                    self.edge(&caller.service, &span.service).add(span);
                }
            }
            // Databases and others without telemetry are known from their clients.
            Kind::Client | Kind::Producer if trace.children(span).next().is_none() => {
                if let Some(callee) = callee(span) {
                    self.node(&callee).figures.add(span);
                    self.edge(&span.service, &callee).add(span);
                }
            }
            Kind::Client | Kind::Producer | Kind::Internal => {}
        }
    }

    fn node(&mut self, name: &str) -> &mut Node {
        self.nodes.entry(name.to_owned()).or_default()
    }

    fn edge(&mut self, caller: &str, callee: &str) -> &mut Figures {
        let key = (caller.to_owned(), callee.to_owned());
        self.edges.entry(key).or_default()
    }

    /// A cycle ends when every service has been visited.
    fn set_levels(&mut self) {
        for _ in 0..self.nodes.len().min(DEEPEST) {
            for (caller, callee) in self.edges.keys().filter(|(one, other)| one != other) {
                let above = self.nodes.get(caller).map_or(0, |node| node.level);
                if let Some(node) = self.nodes.get_mut(callee) {
                    node.level = node.level.max(above + 1).min(DEEPEST);
                }
            }
        }
    }

    /// Requests per second.
    pub(super) fn rate(&self, figures: &Figures) -> f64 {
        let seen = self.seen.as_ref();
        let seen = seen.map_or(0, |seen| seen.end.saturating_sub(seen.start));
        let seconds = Duration::from_nanos(seen).as_secs_f64().max(1.0);
        figures.count() as f64 / seconds
    }
}

impl Figures {
    fn add(&mut self, span: &Span) {
        self.durations.push(span.duration());
        self.errors += usize::from(span.is_error());
    }

    pub(super) fn count(&self) -> usize {
        self.durations.len()
    }

    /// A share from 0 to 1.
    pub(super) fn error_share(&self) -> f64 {
        self.errors as f64 / self.count().max(1) as f64
    }

    /// The 95th percentile of the durations.
    pub(super) fn p95(&self) -> Duration {
        let mut durations = self.durations.clone();
        durations.sort_unstable();
        let place = (durations.len() * 95).div_ceil(100).saturating_sub(1);
        durations.get(place).copied().unwrap_or_default()
    }
}

fn callee(span: &Span) -> Option<String> {
    let keys = [
        "db.system.name",
        "db.system",
        "messaging.system",
        "server.address",
        "net.peer.name",
    ];
    let name = keys.iter().find_map(|key| span.attributes.text(key))?;
    Some(name.to_owned())
}

/// A deeper graph would not be readable.
const DEEPEST: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, query, span};

    #[test]
    fn calls_are_counted_where_they_are_answered() {
        let trace = Trace::new(vec![
            span(1, 0, "gateway", "GET /", 0..100),
            call(2, 1, "gateway", "GET", 10..50),
            span(3, 2, "orders", "GET /orders", 12..48).failed("500"),
            query(4, 3, "orders", "SELECT", 20..30),
            call(5, 1, "gateway", "GET", 60..70).with("server.address", "example.com"),
        ]);
        let graph = Graph::of([&trace].into_iter());
        let names: Vec<_> = graph
            .nodes
            .iter()
            .map(|(name, node)| (name.as_str(), node.is_service, node.level))
            .collect();
        assert_eq!(
            names,
            [
                ("example.com", false, 1),
                ("gateway", true, 0),
                ("orders", true, 1),
                ("sqlite", false, 2),
            ]
        );
        let edge = |one: &str, other: &str| &graph.edges[&(one.to_owned(), other.to_owned())];
        assert_eq!(graph.edges.len(), 3);
        assert_eq!(edge("gateway", "orders").error_share(), 1.0);
        assert_eq!(edge("orders", "sqlite").p95(), Duration::from_millis(10));
    }

    #[test]
    fn services_that_call_each_other_end() {
        let trace = Trace::new(vec![
            span(1, 0, "a", "x", 0..9),
            span(2, 1, "b", "x", 1..8),
            span(3, 2, "a", "x", 2..7),
        ]);
        let graph = Graph::of([&trace].into_iter());
        assert!(graph.nodes.values().all(|node| node.level <= DEEPEST));
    }

    #[test]
    fn p95_is_one_of_those_that_were_seen() {
        let mut figures = Figures::default();
        assert_eq!(figures.p95(), Duration::ZERO);
        for ms in 1..=100 {
            figures.durations.push(Duration::from_millis(ms));
        }
        assert_eq!(figures.p95(), Duration::from_millis(95));
    }
}
