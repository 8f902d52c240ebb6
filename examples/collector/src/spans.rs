//! Spans in the files that the Collector writes: one JSON object of OTLP a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Spans by trace and by their own id.
#[derive(Debug, Default)]
pub(crate) struct Spans(BTreeMap<String, BTreeMap<String, Span>>);

#[derive(Debug)]
pub(crate) struct Span {
    parent: String,
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) is_error: bool,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Spans {
    /// No spans if there is no such file yet. The last line may be half written.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut spans = Self::default();
        let Ok(text) = fs::read_to_string(path) else {
            return Ok(spans);
        };
        for line in text.lines() {
            let Ok(batch) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            spans
                .add(&batch)
                .with_context(|| path.display().to_string())?;
        }
        Ok(spans)
    }

    fn add(&mut self, batch: &Value) -> Result<()> {
        for resource in list(batch.get("resourceSpans")) {
            let service = attribute(resource.pointer("/resource/attributes"), "service.name");
            for scope in list(resource.get("scopeSpans")) {
                for span in list(scope.get("spans")) {
                    let text = |name: &str| span[name].as_str().unwrap_or_default().to_owned();
                    let nanoseconds = |name: &str| text(name).parse().context("a time");
                    let read = Span {
                        parent: text("parentSpanId"),
                        name: text("name"),
                        service: service.clone(),
                        is_error: span.pointer("/status/code").is_some_and(|code| *code == 2)
                            || !attribute(span.get("attributes"), "error.type").is_empty(),
                        start: nanoseconds("startTimeUnixNano")?,
                        end: nanoseconds("endTimeUnixNano")?,
                    };
                    let trace = self.0.entry(text("traceId")).or_default();
                    trace.insert(text("spanId"), read);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn retain(&mut self, traces: &[String]) {
        self.0.retain(|id, _| traces.contains(id));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    pub(crate) fn traces(&self) -> impl Iterator<Item = (&String, &BTreeMap<String, Span>)> {
        self.0.iter()
    }

    pub(crate) fn of(&self, trace: &str) -> Option<&BTreeMap<String, Span>> {
        self.0.get(trace)
    }

    /// One root each, no span without its parent, and the services that have to take part.
    pub(crate) fn assert_whole(&self) -> Result<()> {
        for (id, trace) in &self.0 {
            let roots = trace.values().filter(|span| span.parent.is_empty()).count();
            ensure!(roots == 1, "trace {id} has {roots} roots");
            let is_orphan =
                |span: &&Span| !span.parent.is_empty() && !trace.contains_key(&span.parent);
            let orphans = trace.values().filter(is_orphan).count();
            ensure!(
                orphans == 0,
                "trace {id} has {orphans} spans without their parents"
            );
            let services: BTreeSet<_> = trace.values().map(|span| span.service.as_str()).collect();
            for service in ["gateway", "orders", "inventory", "payment"] {
                ensure!(
                    services.contains(service),
                    "trace {id} has no span of {service}"
                );
            }
        }
        Ok(())
    }
}

/// From its first span's start to its last one's end, as the policy `latency` has it.
pub(crate) fn duration_ms(trace: &BTreeMap<String, Span>) -> u64 {
    let start = trace.values().map(|span| span.start).min();
    let end = trace.values().map(|span| span.end).max();
    end.zip(start)
        .map_or(0, |(end, start)| end.saturating_sub(start) / 1_000_000)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn attribute(attributes: Option<&Value>, key: &str) -> String {
    let found = list(attributes)
        .iter()
        .find(|attribute| attribute["key"] == key);
    let text = found.and_then(|attribute| attribute.pointer("/value/stringValue")?.as_str());
    text.unwrap_or_default().to_owned()
}
