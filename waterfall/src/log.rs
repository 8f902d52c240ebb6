//! A line of a service's log, as it was received.

use opentelemetry::trace::{SpanId, TraceId};

/// A log record that was written inside a span.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// The trace of the span.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// When it was written.
    pub unix_nano: u64,
    /// How serious it is.
    pub severity: Severity,
    /// Message and fields.
    pub text: String,
}

/// How serious a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// Up to information.
    Info,
    /// A warning.
    Warning,
    /// An error or worse.
    Error,
}

impl Log {
    /// About how many bytes it takes in memory.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}
