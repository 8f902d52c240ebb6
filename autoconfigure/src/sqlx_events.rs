//! Turns the event that sqlx logs at the end of each statement into a database span.
//!
//! sqlx has no hooks, but it logs an event. A filter sees this event, while a layer does not: so a
//! filter can hide from all layers the events that only we enabled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use otel_instrumentation::{
    DatabaseConfig, DbClientInstrumentation, Statement, instrumentation_scope,
};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer;
use tracing_subscriber::registry::LookupSpan;

use crate::directives::{SQLX_EVENT, SQLX_MARKER, Statics};

/// Creates spans from the events.
#[derive(Clone, Debug)]
pub(crate) struct SqlxEvents {
    /// `None` if there are no spans.
    client: Option<DbClientInstrumentation>,
    /// The directives of `RUST_LOG` for these events.
    said: Statics,
    is_open: Arc<AtomicBool>,
}

impl SqlxEvents {
    pub(crate) fn new(has_spans: bool, said: Statics, is_open: &Arc<AtomicBool>) -> Self {
        let scope = || instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let client = || DbClientInstrumentation::new(scope(), DatabaseConfig::new());
        Self {
            client: has_spans.then(client),
            said,
            is_open: Arc::clone(is_open),
        }
    }

    /// Creates a span from the event, if it is sqlx's. Returns whether layers get the event, too.
    pub(crate) fn take<S>(&self, event: &Event<'_>, cx: &layer::Context<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let metadata = event.metadata();
        if metadata.target() != SQLX_EVENT {
            return true;
        }
        if let Some(client) = &self.client
            && self.is_open.load(Ordering::Relaxed)
            && is_below_local_span()
            && !is_recorded(event, cx)
        {
            let mut told = Told::default();
            event.record(&mut told);
            told.record(client);
        }
        self.said.takes(metadata)
    }
}

/// A statement outside any request of this process would be a trace of its own: sqlx runs some by
/// itself, and for others the driver's thread does not know the request.
fn is_below_local_span() -> bool {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_valid() && !span.is_remote()
    })
}

/// Whether otel-middleware-sqlx records the statement.
fn is_recorded<S>(event: &Event<'_>, cx: &layer::Context<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let scope = cx.event_scope(event);
    let is_marker = |span: &str| span == SQLX_MARKER;
    scope.is_some_and(|mut scope| scope.any(|span| is_marker(span.metadata().target())))
}

/// The fields of an event.
#[derive(Default)]
struct Told {
    /// The first words, or the whole text if it has no more.
    summary: String,
    /// The whole text between line breaks, or empty.
    statement: String,
    elapsed: Option<Duration>,
}

impl Told {
    fn record(&self, client: &DbClientInstrumentation) {
        let text = match self.statement.is_empty() {
            true => &self.summary,
            false => self.statement.trim_matches('\n'),
        };
        if let (Some(elapsed), false) = (self.elapsed, text.is_empty()) {
            // The event does not say whether a value is bound.
            let statement = Statement::sql(text).is_bound(false);
            client.start_before(&statement, elapsed).finish();
        }
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = Duration::try_from_secs_f64(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
