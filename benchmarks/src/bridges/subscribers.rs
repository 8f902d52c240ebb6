//! The subscribers, as an application sets them up.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use otel_autoconfigure::{ContextSubscriber, Lines};
use otel_tracing_bridge::SpanLayer;
use oxtel::sdk::export::ExportError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use super::column::Bridge;
use crate::sdk;
use crate::setup::{Setup, tracestate};

/// The number of ended spans.
pub static ENDED: AtomicUsize = AtomicUsize::new(0);
/// The number of emitted log records.
pub static EMITTED: AtomicUsize = AtomicUsize::new(0);

/// Installs the subscriber, and makes the caller's context the current one for the rest of the
/// process. The caller must keep the returned values.
pub fn install(bridge: Bridge) -> Result<Vec<Box<dyn Any>>> {
    let traces = SdkTracerProvider::builder()
        .with_span_processor(Dropping)
        .build();
    let logs = SdkLoggerProvider::builder()
        .with_log_processor(Dropping)
        .build();
    let init = |lines| {
        otel_autoconfigure::builder()
            .tracer_provider(traces.clone())
            .logger_provider(logs.clone())
            .lines(lines)
    };
    let appender = || OpenTelemetryTracingBridge::new(&logs);
    let foreign = || tracing_opentelemetry::layer().with_tracer(traces.tracer("benchmarks"));
    let kept: Box<dyn Any> = match bridge {
        Bridge::Registry => Box::new(tracing_subscriber::registry().try_init()?),
        Bridge::Layer => {
            let layer = SpanLayer::new(traces.clone());
            Box::new(tracing_subscriber::registry().with(layer).try_init()?)
        }
        Bridge::Init => Box::new(init(Lines::Off).init()?),
        Bridge::InitJson => Box::new(init(Lines::Json).init()?),
        Bridge::InitText => Box::new(init(Lines::Text).init()?),
        Bridge::Own => {
            let telemetry = init(Lines::Off).without_subscriber().init()?;
            let subscriber = tracing_subscriber::registry()
                .with(EnvFilter::new("info"))
                .with(telemetry.layer());
            ContextSubscriber::new(subscriber).try_init()?;
            Box::new(telemetry)
        }
        Bridge::InitForeign => Box::new(init(Lines::Off).with_tracing_opentelemetry().init()?),
        Bridge::TracingOpentelemetry => {
            let registry = tracing_subscriber::registry();
            Box::new(registry.with(foreign()).with(appender()).try_init()?)
        }
        Bridge::TracingOpentelemetryFmt => {
            let registry = tracing_subscriber::registry()
                .with(foreign())
                .with(appender());
            let lines = fmt::layer().with_ansi(false).with_writer(std::io::stderr);
            let subscriber = registry.with(lines).with(EnvFilter::new("info"));
            Box::new(subscriber.try_init()?)
        }
        Bridge::Oxtel | Bridge::OxtelJson => {
            let builder = oxtel::builder()
                .without_env_exporters()
                .with_traces(|traces| traces.with_processor(Dropping))
                .with_logs(|logs| logs.with_processor(Dropping));
            let kept = match bridge {
                Bridge::Oxtel => builder.without_local_logs().install()?,
                _ => builder.install()?,
            };
            let parent = oxtel::propagation::extract_parent(&caller());
            return Ok(vec![Box::new(kept), Box::new(parent)]);
        }
    };
    sdk::v0_33::attach_caller(Setup::C);
    Ok(vec![kept, Box::new(traces.clone()), Box::new(logs.clone())])
}

fn caller() -> HashMap<String, String> {
    let mut headers =
        HashMap::from([("traceparent".to_owned(), Setup::C.traceparent().to_owned())]);
    headers.extend(tracestate().map(|state| ("tracestate".to_owned(), state.to_owned())));
    headers
}

#[derive(Debug)]
struct Dropping;

impl SpanProcessor for Dropping {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        ENDED.fetch_add(1, Ordering::Relaxed);
        drop(std::hint::black_box(span));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl LogProcessor for Dropping {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        EMITTED.fetch_add(1, Ordering::Relaxed);
        std::hint::black_box((record, scope));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
}

impl oxtel::sdk::trace::SpanProcessor for Dropping {
    fn on_end(&self, span: oxtel::sdk::trace::SpanData) {
        ENDED.fetch_add(1, Ordering::Relaxed);
        drop(std::hint::black_box(span));
    }

    fn force_flush(&self) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&self) -> Result<(), ExportError> {
        Ok(())
    }
}

impl oxtel::sdk::logs::LogProcessor for Dropping {
    fn on_emit(&self, record: oxtel::sdk::logs::LogRecord) {
        EMITTED.fetch_add(1, Ordering::Relaxed);
        drop(std::hint::black_box(record));
    }

    fn force_flush(&self) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&self) -> Result<(), ExportError> {
        Ok(())
    }
}
