//! Exports events as log records.

use std::fmt;

use opentelemetry::Context;
use opentelemetry::logs::{LogRecord, Logger, LoggerProvider};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, layer};

use crate::bridged::context_of;
use crate::details::{CODE_FILE_PATH, CODE_LINE_NUMBER};
use crate::record::{Fields, is_log, severity};
use crate::source;
use crate::takes::Choice;

/// Exports events as log records.
///
/// - **The body** is the message.
/// - **Attributes** are the other fields, with their types. An integer that does not fit into
///   OpenTelemetry's signed 64 bits is text. A field that is an error becomes `exception.message`,
///   with its causes.
/// - **The scope** is the event's target, or that of a record of the `log` crate.
/// - **The ids** are those of the current [`Context`], or of the span that the event names as its
///   parent.
/// - **The place** is `code.file.path` and `code.line.number`. The path is as the compiler got it,
///   but is never an absolute path of the build machine.
///
/// There is no event name, because the name of a `tracing` event does not describe it.
///
/// Events of the SDK itself, and events during an export, are left out. Otherwise every export
/// would cause another one.
///
/// ```
/// use opentelemetry_sdk::logs::SdkLoggerProvider;
/// use otel_tracing_bridge::RecordLayer;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let provider = SdkLoggerProvider::builder().build();
/// let subscriber = tracing_subscriber::registry().with(RecordLayer::new(&provider));
/// # drop(subscriber);
/// ```
#[must_use = "a layer does nothing until it is added to a subscriber"]
pub struct RecordLayer {
    sink: Box<dyn Sink>,
    choice: Choice,
    location: bool,
}

impl RecordLayer {
    /// Creates a layer that exports to this provider.
    pub fn new<P>(provider: &P) -> Self
    where
        P: LoggerProvider,
        P::Logger: Send + Sync + 'static,
    {
        Self {
            sink: Box::new(provider.logger("")),
            choice: Choice::default(),
            location: true,
        }
    }

    /// Exports only the events for which the filter returns true. By default all are exported.
    ///
    /// The filter is called for each event, so it should be cheap. The metadata of a record of the
    /// `log` crate has the record's target and level.
    pub fn filter(
        mut self,
        choice: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.choice = Choice::new(choice);
        self
    }

    /// Sets whether records have `code.file.path` and `code.line.number`. On by default.
    pub fn location(mut self, is_on: bool) -> Self {
        self.location = is_on;
        self
    }
}

impl<S> Layer<S> for RecordLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, cx: layer::Context<'_, S>) {
        let metadata = event.metadata();
        if !is_log(metadata) && !self.choice.takes(metadata) {
            return;
        }
        // Not earlier: the SDK logs while it borrows the stack of contexts.
        if Context::is_current_telemetry_suppressed() {
            return;
        }
        let parent = event.parent().and_then(|id| {
            let context = cx.span_scope(id)?.find_map(|span| context_of(&span))?;
            Some(context.span().span_context().clone())
        });
        self.sink.pass(self, event, parent);
    }
}

/// Emits records; a trait object hides the type of the logger.
trait Sink: Send + Sync {
    fn pass(&self, layer: &RecordLayer, event: &Event<'_>, parent: Option<SpanContext>);
}

impl<L: Logger + Send + Sync> Sink for L {
    fn pass(&self, layer: &RecordLayer, event: &Event<'_>, parent: Option<SpanContext>) {
        let metadata = event.metadata();
        let severity = severity(*metadata.level());
        if !self.event_enabled(severity, metadata.target(), None) {
            return;
        }
        let mut record = self.create_log_record();
        let now = opentelemetry::time::now();
        record.set_timestamp(now);
        record.set_observed_timestamp(now);
        record.set_severity_number(severity);
        record.set_severity_text(severity.name());
        record.set_target(metadata.target());
        if let Some(parent) = parent {
            let flags = Some(parent.trace_flags());
            record.set_trace_context(parent.trace_id(), parent.span_id(), flags);
        }
        let mut fields = Fields {
            record: &mut record,
            metadata,
            choice: &layer.choice,
            location: layer.location,
            is_taken: true,
        };
        event.record(&mut fields);
        if !fields.is_taken {
            return;
        }
        if let (true, Some(file)) = (layer.location, metadata.file()) {
            record.add_attribute(CODE_FILE_PATH, source::path(file));
        }
        if let (true, Some(line)) = (layer.location, metadata.line()) {
            record.add_attribute(CODE_LINE_NUMBER, line);
        }
        Logger::emit(self, record);
    }
}

impl fmt::Debug for RecordLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordLayer")
            .field("filter", &self.choice)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}
