//! A middleware and the exporter of its spans.

use anyhow::Result;
use clap::ValueEnum;
use opentelemetry::global;
use opentelemetry_otlp::{MetricExporter, SpanExporter};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use otel_middleware_axum::OtelLayer;

use super::subject::{Protocol, Subject};
use crate::frameworks::axum::routes;

/// A middleware of axum, and an exporter. Each is set up as its documentation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stack {
    Bare,
    Ours,
    /// Ours, without metrics and log records.
    OursSpans,
    /// Our middleware, and OpenTelemetry's own exporter.
    OursOpentelemetryOtlp,
    Contrib,
    /// The peer, without metrics.
    ContribSpans,
}

impl Stack {
    /// Sets up the application, the exporters and the global providers. It must be called on a
    /// runtime, which the gRPC client of the peers continues to use.
    pub fn subject(self, protocol: Protocol) -> Result<Subject> {
        match self {
            Self::Bare => Ok(Subject {
                service: routes(),
                flush: Box::new(|| Ok(())),
                shut_down: Box::new(|| Ok(())),
            }),
            Self::Ours | Self::OursSpans => ours(),
            Self::OursOpentelemetryOtlp => Ok(Subject {
                service: routes().layer(OtelLayer::new()),
                ..peers(protocol, false)?
            }),
            Self::Contrib | Self::ContribSpans => {
                global::set_text_map_propagator(TraceContextPropagator::new());
                let subject = peers(protocol, self == Self::Contrib)?;
                // It takes the global providers when it is created.
                let layer = opentelemetry_instrumentation_tower::http::server::Layer::new();
                Ok(Subject {
                    service: routes().layer(layer),
                    ..subject
                })
            }
        }
    }
}

fn ours() -> Result<Subject> {
    let telemetry = otel_autoconfigure::init()?;
    let tracers = telemetry.tracer_provider().cloned();
    Ok(Subject {
        service: routes().layer(OtelLayer::new()),
        flush: Box::new(move || {
            if let Some(tracers) = &tracers {
                tracers.force_flush()?;
            }
            Ok(())
        }),
        shut_down: Box::new(|| Ok(telemetry.shutdown()?)),
    })
}

/// OpenTelemetry's SDK and its exporters, without a middleware.
fn peers(protocol: Protocol, has_metrics: bool) -> Result<Subject> {
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(span_exporter(protocol)?)
        .build();
    global::set_tracer_provider(tracers.clone());
    let mut meters = None;
    if has_metrics {
        let exporter = match protocol {
            Protocol::Grpc => MetricExporter::builder().with_tonic().build()?,
            Protocol::Http => MetricExporter::builder().with_http().build()?,
        };
        let builder = SdkMeterProvider::builder().with_periodic_exporter(exporter);
        let meters = meters.insert(builder.build());
        global::set_meter_provider(meters.clone());
    }
    let flushed = tracers.clone();
    Ok(Subject {
        service: routes(),
        flush: Box::new(move || Ok(flushed.force_flush()?)),
        shut_down: Box::new(move || {
            tracers.shutdown()?;
            Ok(meters.map_or(Ok(()), |meters| meters.shutdown())?)
        }),
    })
}

/// OpenTelemetry's own exporter, as in its first example.
pub fn span_exporter(protocol: Protocol) -> Result<SpanExporter> {
    Ok(match protocol {
        Protocol::Grpc => SpanExporter::builder().with_tonic().build()?,
        Protocol::Http => SpanExporter::builder().with_http().build()?,
    })
}
