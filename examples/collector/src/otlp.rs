//! The files that the Collector writes: one OTLP request per line, as a JSON object.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Empty if the file does not exist yet. The last line may be incomplete, and is left out.
pub(crate) fn requests(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// An item of a resource and a scope: a span, a log record, a metric.
pub(crate) struct Item<'a> {
    pub(crate) resource: &'a Value,
    pub(crate) item: &'a Value,
}

impl<'a> Item<'a> {
    /// All `spans` of `resourceSpans` and `scopeSpans`, or the equivalents of the other signals.
    pub(crate) fn all(
        [resources, scopes, items]: [&'static str; 3],
        request: &'a Value,
    ) -> Vec<Self> {
        let mut all = Vec::new();
        for resource in list(request.get(resources)) {
            for scope in list(resource.get(scopes)) {
                all.extend(
                    list(scope.get(items))
                        .iter()
                        .map(|item| Self { resource, item }),
                );
            }
        }
        all
    }

    pub(crate) fn service(&self) -> String {
        self.of_resource("service.name")
    }

    pub(crate) fn of_resource(&self, key: &str) -> String {
        attribute(self.resource.pointer("/resource/attributes"), key)
    }

    pub(crate) fn attribute(&self, key: &str) -> String {
        attribute(self.item.get("attributes"), key)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.item[name].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Empty if the attribute is absent or not a text.
pub(crate) fn attribute(attributes: Option<&Value>, key: &str) -> String {
    let mut attributes = list(attributes).iter();
    let found = attributes.find(|attribute| attribute["key"] == key);
    let text = found.and_then(|attribute| attribute.pointer("/value/stringValue")?.as_str());
    text.unwrap_or_default().to_owned()
}

pub(crate) const SPANS: [&str; 3] = ["resourceSpans", "scopeSpans", "spans"];
pub(crate) const LOGS: [&str; 3] = ["resourceLogs", "scopeLogs", "logRecords"];
pub(crate) const METRICS: [&str; 3] = ["resourceMetrics", "scopeMetrics", "metrics"];
