//! What every exporter of ours is wrapped in: the driver's runtime, a limit, and a report of
//! outages in place of the SDK's error for each batch.

use std::{fmt, future::poll_fn, pin::pin, time::Duration};

use opentelemetry::logs::Severity;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{LogBatch, LogExporter},
    metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
    trace::{SpanData, SpanExporter},
};
use tracing::{Dispatch, dispatcher};

use crate::{
    driver::{Abandoned, Driver},
    listener::{Listener, is_debugged},
    outage::Destination,
    signal::Signal,
};

/// An exporter whose failures stay with [`Destination`].
#[derive(Debug)]
pub(crate) struct Guarded<E> {
    pub(crate) exporter: E,
    pub(crate) pipeline: Pipeline,
}

/// The way of one signal.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) signal: Signal,
    pub(crate) driver: Driver,
    pub(crate) destination: Destination,
    limit: Duration,
    listener: Dispatch,
}

impl Pipeline {
    /// To `destination`, where an export takes `limit` at most.
    pub(crate) fn new(
        signal: Signal,
        driver: Driver,
        destination: Destination,
        limit: Duration,
    ) -> Self {
        Self {
            signal,
            driver,
            listener: Dispatch::new(Listener {
                signal,
                destination: destination.clone(),
            }),
            destination,
            limit,
        }
    }

    /// The failure is told once by [`Destination`]; the SDK would log it for every batch.
    async fn export(&self, count: usize, work: impl Future<Output = OTelSdkResult>) {
        let mut work = pin!(work);
        let heard = poll_fn(|cx| match is_debugged() {
            true => work.as_mut().poll(cx),
            false => dispatcher::with_default(&self.listener, || work.as_mut().poll(cx)),
        });
        let failure = match self.driver.run(self.limit, heard).await {
            Ok(Ok(())) => return self.destination.succeeded(self.signal),
            Ok(Err(error)) => error.to_string(),
            Err(Abandoned::TookTooLong(limit)) => format!("not done after {limit:?}"),
            Err(Abandoned::ShuttingDown) => "not done when the time to shut down was up".to_owned(),
        };
        self.destination.failed(self.signal, count as u64, &failure);
    }
}

impl<E: SpanExporter> SpanExporter for Guarded<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let work = self.exporter.export(batch);
        self.pipeline.export(count, work).await;
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

impl<E: LogExporter> LogExporter for Guarded<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let count = batch.iter().count();
        let work = self.exporter.export(batch);
        self.pipeline.export(count, work).await;
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

impl<E: PushMetricExporter + fmt::Debug> PushMetricExporter for Guarded<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let work = self.exporter.export(metrics);
        self.pipeline.export(1, work).await;
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
