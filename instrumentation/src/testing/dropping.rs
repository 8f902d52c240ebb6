//! Telemetry at its usual cost, for tests that measure the cost of a request.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};

use crate::providers::Providers;

/// Creates providers of the SDK that keep nothing. Spans are dropped at their end. Metrics, if
/// `measures` is true, are not collected within a day.
#[must_use]
pub fn dropping_providers(measures: bool) -> Providers {
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(Dropping)
        .build();
    if !measures {
        return Providers::new(tracers, NoopMeterProvider::new());
    }
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default())
        .with_interval(Duration::from_secs(86_400))
        .build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    Providers::new(tracers, meters)
}

#[derive(Debug)]
struct Dropping;

impl SpanProcessor for Dropping {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
