//! `tracing`: spans that nest with those of the middleware, events that become log records, and
//! lines on standard error that name their trace.

use std::{
    env, fmt,
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use opentelemetry::{Context, trace::TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::{logs::SdkLoggerProvider, trace::SdkTracerProvider};
use tracing::{
    Dispatch, Metadata, Subscriber, dispatcher,
    level_filters::LevelFilter,
    subscriber::{Interest, NoSubscriber},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::FilterExt,
    fmt as lines,
    layer::{self, Filter, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    console::{Line, is_opentelemetry},
    environment::Environment,
};

/// The providers that `tracing` is connected to.
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    pub(crate) traces: Option<SdkTracerProvider>,
    pub(crate) logs: Option<SdkLoggerProvider>,
    /// False after the shutdown: the SDK would complain about each later event.
    pub(crate) is_open: Arc<AtomicBool>,
}

impl Bridge {
    /// `tracing` connected to these providers.
    pub(crate) fn new(traces: Option<SdkTracerProvider>, logs: Option<SdkLoggerProvider>) -> Self {
        Self {
            traces,
            logs,
            is_open: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Spans and events, as many as the subscriber around it lets through.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let spans = self
            .spans()
            .map(|layer| layer.with_filter(self.only(SPANS)));
        let events = self
            .events()
            .map(|layer| layer.with_filter(self.only(EVENTS)));
        Layer::and_then(spans, events)
    }

    /// Makes the subscriber of the process; `false` if it has one already.
    pub(crate) fn install(&self, environment: &Environment) -> bool {
        if !is_vacant() {
            return false;
        }
        let directives = directives(environment);
        let filter = || EnvFilter::new(&directives);
        let terminal = io::stderr().is_terminal();
        let ansi = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let lines = lines::layer()
            .with_writer(io::stderr)
            .with_ansi(ansi)
            .event_format(Line::new(ansi));
        // Quieter logs must not tear traces apart: `RUST_LOG` adds spans, and takes none away.
        let spans = self.only(SPANS).and(filter().or(LevelFilter::INFO));
        let events = self.only(EVENTS).and(filter());
        let subscriber = Registry::default()
            .with(self.spans().map(|layer| layer.with_filter(spans)))
            .with(self.events().map(|layer| layer.with_filter(events)))
            .with(lines.with_filter(Readable.and(filter())));
        if subscriber.try_init().is_err() && is_vacant() {
            return false;
        }
        true
    }

    fn spans<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer = self.traces.as_ref()?.tracer("tracing");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_threads(false)
            .with_tracked_inactivity(false);
        Some(layer)
    }

    fn events<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        Some(OpenTelemetryTracingBridge::new(self.logs.as_ref()?))
    }

    fn only(&self, kind: fn(&Metadata<'_>) -> bool) -> Exported {
        Exported {
            kind,
            is_open: Arc::clone(&self.is_open),
        }
    }
}

/// Whether nobody collects what `tracing` emits.
pub(crate) fn is_vacant() -> bool {
    dispatcher::get_default(Dispatch::is::<NoSubscriber>)
}

/// What may be exported: nothing that the SDK says of itself, and nothing that happens during an
/// export, or every export would be followed by another one.
#[derive(Clone)]
struct Exported {
    kind: fn(&Metadata<'_>) -> bool,
    is_open: Arc<AtomicBool>,
}

impl<S> Filter<S> for Exported {
    fn enabled(&self, metadata: &Metadata<'_>, _: &layer::Context<'_, S>) -> bool {
        !is_opentelemetry(metadata)
            && (self.kind)(metadata)
            && self.is_open.load(Ordering::Relaxed)
            && !Context::is_current_telemetry_suppressed()
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match is_opentelemetry(metadata) || !(self.kind)(metadata) {
            true => Interest::never(),
            false => Interest::sometimes(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exported")
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}

/// What is worth a line: not the inner life of the connections to the collector.
#[derive(Debug)]
struct Readable;

impl<S> Filter<S> for Readable {
    fn enabled(&self, metadata: &Metadata<'_>, _: &layer::Context<'_, S>) -> bool {
        is_opentelemetry(metadata)
            || metadata.target().starts_with("otel")
            || !Context::is_current_telemetry_suppressed()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

/// `RUST_LOG`, and unless that speaks of it, no chatter of the SDK's.
fn directives(environment: &Environment) -> String {
    let value = environment.text(RUST_LOG).unwrap_or_default();
    let directives = match EnvFilter::builder().parse(&value) {
        Ok(_) if value.is_empty() => DEFAULT,
        Ok(_) => &value,
        Err(error) => {
            let what = format!("not a list of directives ({error})");
            environment.reject(RUST_LOG, &value, &what, DEFAULT);
            DEFAULT
        }
    };
    match directives.contains("opentelemetry") {
        true => directives.to_owned(),
        false => format!("{directives},opentelemetry=warn"),
    }
}

const SPANS: fn(&Metadata<'_>) -> bool = |metadata| metadata.is_span();
const EVENTS: fn(&Metadata<'_>) -> bool = |metadata| metadata.is_event();
const RUST_LOG: &str = "RUST_LOG";
const DEFAULT: &str = "info";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::tests::{environment, said};

    #[test]
    fn directives_are_those_of_rust_log() {
        for (value, expected, warnings) in [
            ("", "info,opentelemetry=warn", 0),
            ("debug", "debug,opentelemetry=warn", 0),
            (
                "warn,opentelemetry_sdk=debug",
                "warn,opentelemetry_sdk=debug",
                0,
            ),
            ("shop=loud", "info,opentelemetry=warn", 1),
        ] {
            let environment = environment(&[(RUST_LOG, value)]);
            assert_eq!(directives(&environment), expected);
            assert_eq!(said(environment).len(), warnings, "{value:?}");
        }
    }
}
