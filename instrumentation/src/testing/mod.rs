//! Spans and metrics in memory, without globals: for tests that run in parallel.
//!
//! The SDK's types are part of this module, so it may change with each version of the SDK, even in
//! a compatible release of this crate.

mod dropping;
mod subscriber;

use std::collections::BTreeMap;
use std::fmt;

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SpanData};

pub use self::dropping::dropping_providers;
use crate::providers::Providers;

/// Providers that keep their telemetry in memory.
///
/// ```
/// use otel_instrumentation::ServerConfig;
/// use otel_instrumentation::testing::Capture;
///
/// let capture = Capture::new();
/// let config = ServerConfig::new().providers(capture.providers());
/// // … serve requests with `config` …
/// assert!(capture.spans().is_empty());
/// # let _ = config;
/// ```
#[derive(Clone)]
pub struct Capture {
    tracer_provider: SdkTracerProvider,
    meter_provider: SdkMeterProvider,
    spans: InMemorySpanExporter,
    metrics: InMemoryMetricExporter,
}

/// One point of a histogram or sum.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// The labels, by name.
    pub labels: BTreeMap<String, Value>,
    /// How many measurements a histogram's point has; 1 for a sum.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The bounds of a histogram's buckets.
    pub bounds: Vec<f64>,
}

impl Capture {
    /// Creates providers that sample every span.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
    }

    /// Creates providers with this sampler.
    #[must_use]
    pub fn with_sampler(sampler: Sampler) -> Self {
        let spans = InMemorySpanExporter::default();
        let metrics = InMemoryMetricExporter::default();
        Self {
            tracer_provider: SdkTracerProvider::builder()
                .with_sampler(sampler)
                .with_simple_exporter(spans.clone())
                .build(),
            meter_provider: SdkMeterProvider::builder()
                .with_reader(PeriodicReader::builder(metrics.clone()).build())
                .build(),
            spans,
            metrics,
        }
    }

    /// The providers, to pass to a configuration.
    #[must_use]
    pub fn providers(&self) -> Providers {
        Providers::new(self.tracer_provider.clone(), self.meter_provider.clone())
    }

    /// The tracer provider, for spans that a test makes itself.
    #[must_use]
    pub fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.tracer_provider
    }

    /// The meter provider, for metrics that a test makes itself.
    #[must_use]
    pub fn meter_provider(&self) -> &SdkMeterProvider {
        &self.meter_provider
    }

    /// The spans that have ended, in the order in which they ended.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap_or_default()
    }

    /// All points of a metric, with their current values.
    #[must_use]
    pub fn points(&self, name: &str) -> Vec<Point> {
        self.find(name, points).unwrap_or_default()
    }

    /// Description and unit of a metric that has been recorded.
    #[must_use]
    pub fn description_and_unit(&self, name: &str) -> Option<(String, String)> {
        self.find(name, |metric| {
            (metric.description().to_owned(), metric.unit().to_owned())
        })
    }

    /// The names of all metrics that have been recorded.
    #[must_use]
    pub fn metric_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.each(|metric| names.push(metric.name().to_owned()));
        names
    }

    fn find<T>(&self, name: &str, read: impl Fn(&Metric) -> T) -> Option<T> {
        let mut found = None;
        self.each(|metric| {
            if metric.name() == name {
                found = Some(read(metric));
            }
        });
        found
    }

    /// Collects anew. The temporality is cumulative, so the last collection contains everything.
    fn each(&self, mut read: impl FnMut(&Metric)) {
        self.metrics.reset();
        // If the flush fails, there is nothing to read, and the test fails.
        let _ = self.meter_provider.force_flush();
        let collected = self.metrics.get_finished_metrics().unwrap_or_default();
        for scope in collected
            .last()
            .into_iter()
            .flat_map(ResourceMetrics::scope_metrics)
        {
            scope.metrics().for_each(&mut read);
        }
    }
}

impl Default for Capture {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Capture").finish_non_exhaustive()
    }
}

/// The attributes sorted by name, for comparing whole sets. If a name occurs twice, it is kept
/// twice.
#[must_use]
pub fn by_name<'a>(attributes: impl IntoIterator<Item = &'a KeyValue>) -> Vec<(String, Value)> {
    let mut pairs: Vec<_> = attributes
        .into_iter()
        .map(|attribute| (attribute.key.as_str().to_owned(), attribute.value.clone()))
        .collect();
    pairs.sort_by(|left, right| left.0.cmp(&right.0));
    pairs
}

fn points(metric: &Metric) -> Vec<Point> {
    match metric.data() {
        AggregatedMetrics::F64(data) => read(data, |value| value),
        AggregatedMetrics::I64(data) => read(data, |value| value as f64),
        AggregatedMetrics::U64(data) => read(data, |value| value as f64),
    }
}

fn read<T: Copy>(data: &MetricData<T>, to_float: impl Fn(T) -> f64) -> Vec<Point> {
    match data {
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| Point {
                labels: labels(point.attributes()),
                count: point.count(),
                sum: to_float(point.sum()),
                bounds: point.bounds().collect(),
            })
            .collect(),
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| Point {
                labels: labels(point.attributes()),
                count: 1,
                sum: to_float(point.value()),
                bounds: Vec::new(),
            })
            .collect(),
        MetricData::Gauge(_) | MetricData::ExponentialHistogram(_) => Vec::new(),
    }
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> BTreeMap<String, Value> {
    attributes
        .map(|attribute| (attribute.key.as_str().to_owned(), attribute.value.clone()))
        .collect()
}
