//! The OpenTelemetry SDK of one service: spans in batches over OTLP/gRPC.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use opentelemetry::global;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter as Exporter,
};

#[derive(Debug)]
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
    failure: Arc<OnceLock<String>>,
}

impl Telemetry {
    /// Exports to `endpoint`, or without one to where `OTEL_EXPORTER_OTLP_ENDPOINT` points. The
    /// middleware finds the provider by itself and brings the W3C propagators.
    pub(crate) fn start(service: &'static str, endpoint: Option<String>) -> Result<Self> {
        let mut exporter = SpanExporter::builder().with_tonic();
        if let Some(endpoint) = endpoint {
            exporter = exporter.with_endpoint(endpoint);
        }
        let failure = Arc::default();
        let exporter = Watched {
            exporter: exporter.build().context("spans cannot be exported")?,
            failure: Arc::clone(&failure),
        };
        let batches = BatchConfigBuilder::default()
            .with_scheduled_delay(EXPORT_INTERVAL)
            .with_max_queue_size(QUEUE)
            .build();
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(batches)
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name(service).build())
            .with_span_processor(processor)
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Self { provider, failure })
    }

    /// Exports what is left, and blocks until the receiver has acknowledged it. An error if any
    /// span since the start did not arrive.
    pub(crate) fn stop(&self) -> Result<()> {
        self.provider
            .shutdown()
            .context("the last spans could not be exported")?;
        match self.failure.get() {
            None => Ok(()),
            Some(failure) => bail!("spans could not be exported: {failure}"),
        }
    }
}

/// Remembers the first failure, which the SDK would keep to itself.
#[derive(Debug)]
struct Watched {
    exporter: SpanExporter,
    failure: Arc<OnceLock<String>>,
}

impl Exporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.exporter.export(batch).await;
        if let Err(error) = &result {
            let _ = self.failure.set(error.to_string());
        }
        result
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

/// Far below the SDK's five seconds: with `--serve` somebody is waiting to see the trace.
const EXPORT_INTERVAL: Duration = Duration::from_millis(100);
/// The SDK drops spans beyond 2048, and a basket may have more lines than that.
const QUEUE: usize = 65_536;
