//! Exporters behind a queue. Items handed to them leave the queue. Failures are reported once, by
//! [`Destination`](crate::destination::Destination); the SDK would log each batch.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::LogBatch;
use opentelemetry_sdk::logs::LogExporter;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanExporter;

use crate::admission::size_of_record;
use crate::admission::size_of_span;
use crate::queue::Queue;

/// An exporter of spans or log records, and the queue in front of it.
#[derive(Debug)]
pub(crate) struct Released<E> {
    pub(crate) queue: Arc<Queue>,
    pub(crate) exporter: E,
}

impl<E: SpanExporter> SpanExporter for Released<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let bytes = batch.iter().map(size_of_span).sum();
        self.queue.release(batch.len(), bytes);
        let _ = self.exporter.export(batch).await;
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Released<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let bytes = batch.iter().map(|(record, _)| size_of_record(record)).sum();
        self.queue.release(batch.iter().count(), bytes);
        let _ = self.exporter.export(batch).await;
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.exporter.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// An exporter of metrics, which are not queued.
#[derive(Debug)]
pub(crate) struct Quiet<E>(pub(crate) E);

impl<E: PushMetricExporter + fmt::Debug> PushMetricExporter for Quiet<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let _ = self.0.export(metrics).await;
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.0.temporality()
    }
}
