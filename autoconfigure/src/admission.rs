//! Processors that accept only as much as the queue behind them has room for.

use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Array;
use opentelemetry::Context;
use opentelemetry::InstrumentationScope;
use opentelemetry::KeyValue;
use opentelemetry::Value;
use opentelemetry::logs::AnyValue;
use opentelemetry::logs::Severity;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::LogProcessor;
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::trace::Span;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanProcessor;

use crate::queue::Queue;

/// A processor in front of a batch processor of spans or of log records.
#[derive(Debug)]
pub(crate) struct Admitted<P> {
    pub(crate) queue: Arc<Queue>,
    pub(crate) next: P,
}

impl<P: SpanProcessor> SpanProcessor for Admitted<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.queue.begin();
        self.next.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        if self.queue.admits(size_of_span(&span)) {
            self.next.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

impl<P: LogProcessor> LogProcessor for Admitted<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.queue.admits(size_of_record(record)) {
            self.next.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.next.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// The approximate memory of a span. It is computed on the thread of the request, and so only looks
/// at the lengths of texts.
pub(crate) fn size_of_span(span: &SpanData) -> usize {
    let events = span
        .events
        .iter()
        .map(|event| size_of_attributes(&event.attributes));
    let links = span
        .links
        .iter()
        .map(|link| size_of_attributes(&link.attributes));
    size_of::<SpanData>()
        + span.name.len()
        + size_of_attributes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

/// The approximate memory of a log record.
pub(crate) fn size_of_record(record: &SdkLogRecord) -> usize {
    let attributes = record.attributes_iter();
    let attributes = attributes.map(|(_, value)| size_of::<KeyValue>() + size_of_any(value));
    size_of::<SdkLogRecord>() + record.body().map_or(0, size_of_any) + attributes.sum::<usize>()
}

fn size_of_attributes(attributes: &[KeyValue]) -> usize {
    let values = attributes.iter().map(|attribute| match &attribute.value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts
            .iter()
            .map(|text| size_of::<usize>() * 3 + text.as_str().len())
            .sum(),
        Value::Array(Array::I64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::F64(numbers)) => size_of_val(numbers.as_slice()),
        _ => 0,
    });
    size_of_val(attributes) + values.sum::<usize>()
}

fn size_of_any(value: &AnyValue) -> usize {
    match value {
        AnyValue::String(text) => text.as_str().len(),
        AnyValue::Bytes(bytes) => bytes.len(),
        AnyValue::ListAny(list) => list
            .iter()
            .map(|value| size_of::<AnyValue>() + size_of_any(value))
            .sum(),
        AnyValue::Map(map) => map
            .iter()
            .map(|(key, value)| key.as_str().len() + size_of::<AnyValue>() + size_of_any(value))
            .sum(),
        _ => 0,
    }
}
