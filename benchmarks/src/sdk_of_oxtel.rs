//! oxtel's own SDK, as an application sets it up.

use std::time::Duration;

use oxtel::sdk::export::ExportError;
use oxtel::sdk::metrics::{MetricExporter, MetricFamily, PeriodicReaderConfig};
use oxtel::sdk::trace::{SpanData, SpanProcessor};
use oxtel::sdk::{Resource, Value};

use crate::setup::Setup;
use crate::verify::{METRICS, SPANS, Seen, is_watching};

/// Installs its subscriber and its metrics recorder, and returns a function that exports the
/// metrics at once.
pub fn install(setup: Setup) -> Box<dyn Fn()> {
    if !setup.has_sdk() {
        return Box::new(|| {});
    }
    let mut builder = oxtel::builder()
        .without_env_exporters()
        .without_local_logs()
        .with_traces(|traces| traces.with_processor(Dropping));
    if setup.has_metrics() {
        // The interval is so long that no collection falls into a measurement.
        let rarely = PeriodicReaderConfig {
            interval: Duration::from_secs(86_400),
            ..PeriodicReaderConfig::default()
        };
        builder = builder
            .with_metrics(move |meters| meters.with_periodic_exporter_config(Dropping, rarely));
    }
    match builder.install() {
        Ok(guard) => Box::new(move || {
            let _ = guard.force_flush();
        }),
        Err(error) => {
            eprintln!("oxtel: {error}");
            Box::new(|| {})
        }
    }
}

struct Dropping;

impl SpanProcessor for Dropping {
    fn on_end(&self, span: SpanData) {
        if let (true, Ok(mut spans)) = (is_watching(), SPANS.lock()) {
            spans.push(seen(&span));
        }
        drop(std::hint::black_box(span));
    }

    fn force_flush(&self) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&self) -> Result<(), ExportError> {
        Ok(())
    }
}

fn seen(span: &SpanData) -> Seen {
    let attributes = span.attributes.iter();
    let parent = span.parent_span_id.map(|parent| parent.to_string());
    Seen {
        name: span.name.to_string(),
        kind: format!("{:?}", span.kind),
        trace_id: span.context.trace_id.to_string(),
        parent_id: parent.unwrap_or_default(),
        attributes: attributes
            .map(|it| (it.key.to_string(), shown(&it.value)))
            .collect(),
    }
}

/// The value in the format of OpenTelemetry's values.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::I64(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

impl MetricExporter for Dropping {
    fn export(&self, metrics: &[MetricFamily], _: &Resource) -> Result<(), ExportError> {
        if let Ok(mut names) = METRICS.lock() {
            names.extend(metrics.iter().map(|metric| metric.name.to_string()));
        }
        Ok(())
    }
}
