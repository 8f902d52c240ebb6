//! Connects `tracing`: spans that nest with those of the middleware, events that become log
//! records, and lines on standard error with the id of their trace.

use std::borrow::Cow;
use std::env;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use otel_instrumentation::server_span;
use otel_tracing_bridge::{
    ContextSubscriber, Line, LineLayer, Lines, RecordLayer, SpanLayer, record_panics,
};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::directives::{Directives, SQLX_MARKER};
use crate::directives_filter::DirectivesFilter;
use crate::notice::is_vacant;
use crate::sqlx_events::SqlxEvents;
use crate::tracing_options::TracingOptions;
use crate::wanted::Wanted;

/// The providers that `tracing` is connected to.
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    pub(crate) traces: Option<SdkTracerProvider>,
    pub(crate) logs: Option<SdkLoggerProvider>,
    /// False after the shutdown: the SDK would log a complaint about each later event.
    pub(crate) is_open: Arc<AtomicBool>,
    directives: Directives,
    options: TracingOptions,
    sqlx: Option<SqlxEvents>,
}

impl Bridge {
    /// Connects `tracing` to these providers.
    pub(crate) fn new(
        traces: Option<SdkTracerProvider>,
        logs: Option<SdkLoggerProvider>,
        directives: Directives,
        options: TracingOptions,
    ) -> Self {
        let is_open = Arc::new(AtomicBool::new(true));
        let sqlx = || SqlxEvents::new(traces.is_some(), directives.said(), &is_open);
        Self {
            sqlx: options.sqlx_events.then(sqlx),
            traces,
            logs,
            is_open,
            directives,
            options,
        }
    }

    /// Spans and events that pass `RUST_LOG` and the subscriber around it.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let layer = self.spans().and_then(self.foreign_spans());
        let wanted = Wanted {
            sqlx: self.sqlx.clone(),
            ..self.wanted()
        };
        layer.and_then(self.records()).with_filter(wanted)
    }

    /// Installs the subscriber of the process. Returns a problem, if there is one.
    pub(crate) fn install(&self) -> Option<&'static str> {
        if !is_vacant() {
            return Some(NOT_CONNECTED);
        }
        let registry = tracing_subscriber::registry();
        let installed = match self.options.is_foreign {
            // Code that looks for the layer of tracing-opentelemetry must find it.
            true => {
                let registry = registry.with(self.foreign_spans());
                registry.with(self.layers()).try_init()
            }
            false => ContextSubscriber::new(registry.with(self.layers())).try_init(),
        };
        match installed {
            Ok(()) => None,
            Err(_) if is_vacant() => Some(NOT_CONNECTED),
            Err(_) => Some(LOGGER),
        }
    }

    /// Everything but the spans of tracing-opentelemetry, in one layer: for each layer, the
    /// registry counts whether a span can be dropped.
    fn layers<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let line = self.line();
        let has_lines = self.options.lines != Lines::Off;
        let keeps_fields = has_lines && line.has_span_fields();
        self.spans()
            .keep_fields(keeps_fields)
            .and_then(self.records())
            .and_then(has_lines.then(|| LineLayer::new(line)))
            .and_then(DirectivesFilter::new(&self.directives, self.sqlx.clone()))
    }

    /// Records panics, unless that is switched off.
    pub(crate) fn record_panics(&self) {
        if let (true, Some(logs)) = (self.options.records_panics, &self.logs) {
            record_panics(logs);
        }
    }

    fn line(&self) -> Line {
        let has_colours = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let line = Line::new(self.options.lines).ansi(io::stderr().is_terminal() && has_colours);
        let line = line.context_field("http.route", |_| server_span().route().map(Cow::Borrowed));
        (self.options.configure_lines)(line)
    }

    fn spans(&self) -> SpanLayer {
        (self.options.configure_spans)(match &self.traces {
            Some(traces) if !self.options.is_foreign => SpanLayer::new(traces.clone()),
            _ => SpanLayer::without_provider(),
        })
    }

    fn records(&self) -> Option<RecordLayer> {
        let is_open = Arc::clone(&self.is_open);
        let layer = RecordLayer::new(self.logs.as_ref()?);
        Some(layer.filter(move |_| is_open.load(Ordering::Relaxed)))
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            statics: self.directives.statics(),
            is_open: Arc::clone(&self.is_open),
            sqlx: None,
        }
    }

    /// The spans of tracing-opentelemetry, if it is enabled.
    fn foreign_spans<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let traces = self.traces.as_ref().filter(|_| self.options.is_foreign)?;
        let layer = tracing_opentelemetry::layer()
            .with_tracer(traces.tracer("tracing"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        Some(layer.with_filter(self.wanted().and(filter_fn(is_span_or_failure))))
    }
}

/// Events become log records. But tracing-opentelemetry also needs the events of
/// `#[instrument(err)]`, to learn of errors. The marker stands for a span of the API.
fn is_span_or_failure(metadata: &Metadata<'_>) -> bool {
    let fields = metadata.fields();
    let is_span = metadata.is_span() && metadata.target() != SQLX_MARKER;
    is_span || fields.len() == 1 && fields.field("error").is_some()
}

const NOT_CONNECTED: &str = "tracing has a subscriber already, which gets no spans and exports no \
     events; add Telemetry::layer to it, and build with without_subscriber()";
const LOGGER: &str = "the log crate has a logger already, which keeps its records: they are neither \
     exported nor written with the ids of their trace; initialise telemetry first, and leave the \
     logger out";
