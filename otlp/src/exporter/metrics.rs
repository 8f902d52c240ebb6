//! Metrics.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use opentelemetry_proto::tonic::metrics::v1::ScopeMetrics;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use prost::Message;

use crate::sender::Batch;
use crate::sender::Sender;

/// Exports metrics over OTLP; created by
/// [`ExporterBuilder::metrics`](crate::ExporterBuilder::metrics).
///
/// With [`Temporality::Delta`] or [`Temporality::LowMemory`], metrics that may have arrived are not
/// sent again: the receiver would count them twice.
#[derive(Debug)]
pub struct MetricExporter {
    sender: Sender,
    temporality: Temporality,
}

impl MetricExporter {
    pub(crate) fn new(sender: Sender, temporality: Temporality) -> Self {
        Self {
            sender,
            temporality,
        }
    }
}

impl PushMetricExporter for MetricExporter {
    async fn export(&self, metrics: &data::ResourceMetrics) -> OTelSdkResult {
        self.sender.export(Metrics(metrics.into())).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sender.shut_down()
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

struct Metrics(ExportMetricsServiceRequest);

impl Metrics {
    fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let scopes = self.0.resource_metrics.iter();
        let scopes = scopes.flat_map(|resource| &resource.scope_metrics);
        scopes.flat_map(|scope| &scope.metrics)
    }
}

impl Batch for Metrics {
    fn len(&self) -> usize {
        self.metrics().count()
    }

    fn items(&self, parts: Range<usize>) -> u64 {
        let metrics = self.metrics().skip(parts.start).take(parts.len());
        metrics.map(points).sum()
    }

    fn encode(&mut self, parts: Range<usize>) -> Bytes {
        if parts == (0..self.len()) {
            return self.0.encode_to_vec().into();
        }
        let mut index = 0;
        let resource_metrics = self.0.resource_metrics.iter().map(|resource| {
            let scopes = resource.scope_metrics.iter().map(|scope| {
                let metrics = scope.metrics.iter().filter(|_| {
                    let is_part = parts.contains(&index);
                    index += 1;
                    is_part
                });
                ScopeMetrics {
                    metrics: metrics.cloned().collect(),
                    scope: scope.scope.clone(),
                    schema_url: scope.schema_url.clone(),
                }
            });
            ResourceMetrics {
                scope_metrics: scopes.filter(|scope| !scope.metrics.is_empty()).collect(),
                resource: resource.resource.clone(),
                schema_url: resource.schema_url.clone(),
            }
        });
        let resource_metrics = resource_metrics.collect();
        let request = ExportMetricsServiceRequest { resource_metrics };
        request.encode_to_vec().into()
    }
}

fn points(metric: &Metric) -> u64 {
    let points = match &metric.data {
        None => 0,
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
    };
    points as u64
}
