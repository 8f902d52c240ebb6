//! A middleware, and how its spans leave the process.

use std::borrow::Cow;

use anyhow::Result;
use axum::Router;
use clap::ValueEnum;
use fastrace::collector::Config;
use fastrace_axum::FastraceLayer;
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::{InstrumentationScope, global};
use opentelemetry_otlp::{MetricExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use otel_autoconfigure::Telemetry;
use otel_middleware_axum::OtelLayer;

use crate::frameworks::axum::routes;

/// A middleware of axum, and an exporter. Each is set up as its documentation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stack {
    Bare,
    Ours,
    /// Ours, without metrics and log records.
    OursSpans,
    /// Our middleware, and the exporter that comes with OpenTelemetry.
    OursOpentelemetryOtlp,
    Contrib,
    /// The peer, without metrics.
    ContribSpans,
    Fastrace,
}

/// How spans are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    Grpc,
    Http,
}

/// What exports the spans of a [`Stack`].
#[derive(Debug)]
pub(super) enum Pipeline {
    Nothing,
    Ours(Box<Telemetry>),
    Sdk(SdkTracerProvider, Option<SdkMeterProvider>),
    Fastrace,
}

impl Stack {
    /// In the order of the table.
    pub(super) const ALL: [Self; 7] = [
        Self::Bare,
        Self::OursSpans,
        Self::OursOpentelemetryOtlp,
        Self::ContribSpans,
        Self::Fastrace,
        Self::Ours,
        Self::Contrib,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Ours => "**otel-middleware-axum, otel-autoconfigure**, all signals",
            Self::OursSpans => "**otel-middleware-axum, otel-autoconfigure**",
            Self::OursOpentelemetryOtlp => "otel-middleware-axum, opentelemetry-otlp",
            Self::Contrib => "opentelemetry-instrumentation-tower, opentelemetry-otlp, and metrics",
            Self::ContribSpans => "opentelemetry-instrumentation-tower, opentelemetry-otlp",
            Self::Fastrace => "fastrace-axum, fastrace-opentelemetry, opentelemetry-otlp",
        }
    }

    /// The variables that otel-autoconfigure and opentelemetry-otlp read.
    pub(super) fn variables(self, protocol: Protocol, port: u16) -> Vec<(&'static str, String)> {
        let protocol = match protocol {
            Protocol::Grpc => "grpc",
            Protocol::Http => "http/protobuf",
        };
        let mut variables = vec![
            ("OTEL_SERVICE_NAME", "shop".to_owned()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://127.0.0.1:{port}"),
            ),
        ];
        if self == Self::OursSpans {
            variables.push(("OTEL_METRICS_EXPORTER", "none".to_owned()));
            variables.push(("OTEL_LOGS_EXPORTER", "none".to_owned()));
        }
        variables
    }

    /// Sets up what exports, and the global providers. Has to be called on a runtime, which the
    /// gRPC client of the peers goes on to use.
    pub(super) fn install(self, protocol: Protocol) -> Result<Pipeline> {
        Ok(match self {
            Self::Bare => Pipeline::Nothing,
            Self::Ours | Self::OursSpans => Pipeline::Ours(Box::new(otel_autoconfigure::init()?)),
            Self::OursOpentelemetryOtlp => sdk(protocol, false)?,
            Self::Contrib | Self::ContribSpans => {
                global::set_text_map_propagator(TraceContextPropagator::new());
                sdk(protocol, self == Self::Contrib)?
            }
            Self::Fastrace => {
                let scope = InstrumentationScope::builder("benchmarks").build();
                let resource = Cow::Owned(Resource::builder().build());
                let reporter = OpenTelemetryReporter::new(spans(protocol)?, resource, scope);
                fastrace::set_reporter(reporter, Config::default());
                Pipeline::Fastrace
            }
        })
    }

    /// The application. The pipeline has to be there before.
    pub(super) fn service(self) -> Router {
        match self {
            Self::Bare => routes(),
            Self::Ours | Self::OursSpans | Self::OursOpentelemetryOtlp => {
                routes().layer(OtelLayer::new())
            }
            Self::Contrib | Self::ContribSpans => {
                routes().layer(opentelemetry_instrumentation_tower::http::server::Layer::new())
            }
            Self::Fastrace => routes().layer(FastraceLayer::default()),
        }
    }
}

impl Pipeline {
    /// Waits until all spans have been sent.
    pub(super) fn flush(&self) -> Result<()> {
        match self {
            Self::Nothing => {}
            Self::Ours(telemetry) => {
                if let Some(tracers) = telemetry.tracer_provider() {
                    tracers.force_flush()?;
                }
            }
            Self::Sdk(tracers, _) => tracers.force_flush()?,
            Self::Fastrace => fastrace::flush(),
        }
        Ok(())
    }

    pub(super) fn shut_down(self) -> Result<()> {
        match self {
            Self::Nothing => {}
            Self::Ours(telemetry) => telemetry.shutdown()?,
            Self::Sdk(tracers, meters) => {
                tracers.shutdown()?;
                if let Some(meters) = meters {
                    meters.shutdown()?;
                }
            }
            Self::Fastrace => fastrace::flush(),
        }
        Ok(())
    }
}

fn sdk(protocol: Protocol, has_metrics: bool) -> Result<Pipeline> {
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(spans(protocol)?)
        .build();
    global::set_tracer_provider(tracers.clone());
    if !has_metrics {
        return Ok(Pipeline::Sdk(tracers, None));
    }
    let exporter = match protocol {
        Protocol::Grpc => MetricExporter::builder().with_tonic().build()?,
        Protocol::Http => MetricExporter::builder().with_http().build()?,
    };
    let meters = SdkMeterProvider::builder()
        .with_periodic_exporter(exporter)
        .build();
    global::set_meter_provider(meters.clone());
    Ok(Pipeline::Sdk(tracers, Some(meters)))
}

fn spans(protocol: Protocol) -> Result<SpanExporter> {
    Ok(match protocol {
        Protocol::Grpc => SpanExporter::builder().with_tonic().build()?,
        Protocol::Http => SpanExporter::builder().with_http().build()?,
    })
}
