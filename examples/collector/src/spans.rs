//! Spans by trace, and whether a trace is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::checkouts::{Kind, Sent};
use crate::otlp::{Item, SPANS, requests};

/// Spans by trace id and span id.
#[derive(Debug, Default)]
pub(crate) struct Spans(BTreeMap<String, Trace>);

#[derive(Debug, Default)]
pub(crate) struct Trace(BTreeMap<String, Span>);

#[derive(Debug)]
pub(crate) struct Span {
    parent: String,
    pub(crate) name: String,
    pub(crate) service: String,
    /// The id of the process.
    pub(crate) instance: String,
    is_error: bool,
    start: u64,
    end: u64,
}

impl Spans {
    /// Reads the spans of these traces. Spans of other programs that send to the default port are
    /// left out.
    pub(crate) fn read(path: &Path, sent: &Sent) -> Result<Self> {
        let mut spans = Self::default();
        for request in requests(path) {
            let added = spans.add(&request);
            added.with_context(|| path.display().to_string())?;
        }
        spans.0.retain(|id, _| sent.contains_key(id));
        Ok(spans)
    }

    pub(crate) fn add(&mut self, request: &Value) -> Result<()> {
        for span in Item::all(SPANS, request) {
            let nanoseconds = |name: &str| span.text(name).parse().context("a time");
            let read = Span {
                parent: span.text("parentSpanId"),
                name: span.text("name"),
                service: span.service(),
                instance: span.of_resource("service.instance.id"),
                is_error: span
                    .item
                    .pointer("/status/code")
                    .is_some_and(|code| *code == 2)
                    || !span.attribute("error.type").is_empty(),
                start: nanoseconds("startTimeUnixNano")?,
                end: nanoseconds("endTimeUnixNano")?,
            };
            let trace = self.0.entry(span.text("traceId")).or_default();
            trace.0.insert(span.text("spanId"), read);
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.values().map(Trace::len).sum()
    }

    pub(crate) fn traces(&self) -> impl Iterator<Item = (&String, &Trace)> {
        self.0.iter()
    }

    pub(crate) fn of(&self, trace: &str) -> Option<&Trace> {
        self.0.get(trace)
    }

    pub(crate) fn ids(&self) -> BTreeSet<&String> {
        self.0.keys().collect()
    }

    /// Each trace has one root, no span without its parent, and all services that must take part.
    pub(crate) fn assert_whole(&self, sent: &Sent) -> Result<()> {
        for (id, trace) in &self.0 {
            let kind = sent
                .get(id)
                .with_context(|| format!("trace {id} was not sent"))?;
            let whole = trace.assert_whole(*kind);
            whole.with_context(|| format!("trace {id} of {kind}"))?;
        }
        Ok(())
    }
}

impl Trace {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn spans(&self) -> impl Iterator<Item = &Span> {
        self.0.values()
    }

    pub(crate) fn ids(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    pub(crate) fn has(&self, span: &str) -> bool {
        self.0.contains_key(span)
    }

    pub(crate) fn services(&self) -> BTreeSet<&str> {
        self.spans().map(|span| span.service.as_str()).collect()
    }

    pub(crate) fn is_error(&self) -> bool {
        self.spans().any(|span| span.is_error)
    }

    /// The start of the trace, in nanoseconds since 1970.
    pub(crate) fn start(&self) -> u64 {
        self.spans()
            .map(|span| span.start)
            .min()
            .unwrap_or_default()
    }

    pub(crate) fn end(&self) -> u64 {
        self.spans().map(|span| span.end).max().unwrap_or_default()
    }

    /// The time from the start of its first span to the end of its last one, as the policy
    /// `latency` defines it.
    pub(crate) fn duration_ms(&self) -> u64 {
        self.end().saturating_sub(self.start()) / 1_000_000
    }

    fn assert_whole(&self, kind: Kind) -> Result<()> {
        let roots = self.spans().filter(|span| span.parent.is_empty()).count();
        ensure!(roots == 1, "there are {roots} roots");
        let orphans = self
            .spans()
            .filter(|span| !span.parent.is_empty() && !self.0.contains_key(&span.parent));
        let orphans = orphans.count();
        ensure!(orphans == 0, "{orphans} spans are without their parents");
        let services = self.services();
        let expected = kind.services();
        ensure!(services == expected, "{services:?} took part");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// (service, id, parent, from and to in milliseconds)
    type Row = (&'static str, &'static str, &'static str, u64, u64);

    fn trace(rows: &[Row]) -> Trace {
        let mut spans = Spans::default();
        for (service, id, parent, start, end) in rows {
            let span = json!({
                "traceId": "t", "spanId": id, "parentSpanId": parent, "name": "n",
                "startTimeUnixNano": (start * 1_000_000).to_string(),
                "endTimeUnixNano": (end * 1_000_000).to_string(),
            });
            let name = json!({ "key": "service.name", "value": { "stringValue": service } });
            let request = json!({ "resourceSpans": [{
                "resource": { "attributes": [name] },
                "scopeSpans": [{ "spans": [span] }],
            }] });
            spans.add(&request).unwrap();
        }
        spans.0.remove("t").unwrap()
    }

    const DECLINED: [Row; 4] = [
        ("gateway", "1", "", 0, 201),
        ("orders", "2", "1", 1, 200),
        ("inventory", "3", "2", 2, 3),
        ("payment", "4", "2", 4, 5),
    ];

    #[test]
    fn whole_trace_has_one_root_all_parents_and_all_services() {
        let whole = trace(&DECLINED);
        whole.assert_whole(Kind::Declined).unwrap();
        assert_eq!(whole.duration_ms(), 201);
        // The notification is missing.
        assert!(whole.assert_whole(Kind::Ordinary).is_err());
        for missing in 0..DECLINED.len() {
            let mut rows = DECLINED.to_vec();
            rows.remove(missing);
            assert!(
                trace(&rows).assert_whole(Kind::Declined).is_err(),
                "{missing}"
            );
        }
        let second_root = [&DECLINED[..], &[("gateway", "5", "", 0, 1)]].concat();
        assert!(trace(&second_root).assert_whole(Kind::Declined).is_err());
    }

    #[test]
    fn span_that_came_twice_counts_once() {
        let twice = [&DECLINED[..], &DECLINED[..]].concat();
        assert_eq!(trace(&twice).len(), DECLINED.len());
    }
}
