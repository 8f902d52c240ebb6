//! A log record as it was received.

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
    /// Its severity.
    pub severity: Severity,
    /// The message and the fields.
    pub text: String,
}

/// The severity of a log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// Info or below.
    Info,
    /// A warning.
    Warning,
    /// An error or worse.
    Error,
}

impl Log {
    /// The approximate number of bytes in memory.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}
