//! Whether all spans of a trace are there, and how long to wait if not.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::SpanId;

use super::recent::Recent;
use crate::span::{Kind, Span};

#[derive(Debug)]
pub(super) struct Completeness {
    /// Services declared as entries: the spans of their callers never come.
    entries: HashSet<Arc<str>>,
    /// Called places that have never exported a span.
    silent: Recent<String>,
    /// Called places that have exported: their side of a call is worth a wait.
    speaking: Recent<String>,
    /// Services that were called by a service without spans.
    called_from_outside: Recent<Arc<str>>,
}

impl Default for Completeness {
    fn default() -> Self {
        Self {
            entries: HashSet::new(),
            silent: Recent::new(REMEMBERED),
            speaking: Recent::new(REMEMBERED),
            called_from_outside: Recent::new(REMEMBERED),
        }
    }
}

impl Completeness {
    pub(super) fn add_entry(&mut self, service: &str) {
        self.entries.insert(service.into());
    }

    /// How long to wait after the last span.
    pub(super) fn patience(&self, spans: &[Span]) -> Duration {
        let relations = Relations::new(spans);
        let mut orphans = spans.iter().filter(|span| relations.is_orphan(span));
        if orphans.any(|span| !self.may_begin(span)) {
            return ONE_EXPORT;
        }
        let waited_for = relations
            .unanswered(spans)
            .filter(|place| !self.silent.contains(place));
        waited_for
            .map(|place| match self.speaking.contains(&place) {
                true => ONE_EXPORT,
                // A place that is called for the first time often has no telemetry: a lone service
                // should not wait for its own database.
                false => A_GLANCE,
            })
            .max()
            .unwrap_or(QUIET)
    }

    /// Learns from a trace that is returned: what is missing now will be missing again.
    pub(super) fn learn(&mut self, spans: &[Span]) {
        let relations = Relations::new(spans);
        for call in spans.iter().filter(|span| span.is_call()) {
            let place = place(call);
            if relations.parents.contains(&call.span_id) {
                self.silent.remove(&place);
                self.speaking.insert(place);
            } else if call.is_answered() && !self.speaking.contains(&place) {
                self.silent.insert(place);
            }
        }
        for span in spans.iter().filter(|span| is_entry(span)) {
            if relations.is_orphan(span) {
                self.called_from_outside.insert(span.service.clone());
            } else if span.parent_span_id.is_some() {
                // Its caller was only slow.
                self.called_from_outside.remove(&span.service);
            }
        }
    }

    fn may_begin(&self, span: &Span) -> bool {
        let service = &span.service;
        is_entry(span)
            && (self.entries.contains(service) || self.called_from_outside.contains(service))
    }
}

fn is_entry(span: &Span) -> bool {
    matches!(span.kind, Kind::Server | Kind::Consumer)
}

struct Relations {
    parents: HashSet<SpanId>,
    ids: HashSet<SpanId>,
}

impl Relations {
    fn new(spans: &[Span]) -> Self {
        Self {
            parents: spans
                .iter()
                .filter_map(|span| span.parent_span_id)
                .collect(),
            ids: spans.iter().map(|span| span.span_id).collect(),
        }
    }

    fn is_orphan(&self, span: &Span) -> bool {
        span.parent_span_id
            .is_some_and(|parent| !self.ids.contains(&parent))
    }

    /// The places of calls that were answered, but have no span of the answering side.
    fn unanswered(&self, spans: &[Span]) -> impl Iterator<Item = String> {
        spans
            .iter()
            .filter(|span| span.is_call() && span.is_answered())
            .filter(|call| !self.parents.contains(&call.span_id))
            .map(place)
    }
}

/// The destination of a call.
fn place(call: &Span) -> String {
    let address = ["server.address", "net.peer.name", "http.host"]
        .iter()
        .find_map(|key| call.attributes.text(key));
    let port = ["server.port", "net.peer.port"]
        .iter()
        .find_map(|key| call.attributes.get(key)?.as_integer());
    match (address, port) {
        (Some(address), Some(port)) => format!("{address}:{port}"),
        (Some(address), None) => address.to_owned(),
        (None, _) => format!("{} {}", call.service, call.name),
    }
}

/// From the last required span to the spans and logs that come with it.
pub(super) const QUIET: Duration = Duration::from_millis(150);
/// SDKs export every five seconds by default.
const ONE_EXPORT: Duration = Duration::from_secs(6);
const A_GLANCE: Duration = Duration::from_millis(1_200);
const REMEMBERED: usize = 10_000;
