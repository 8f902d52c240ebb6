//! A line of a service's log, as it was received.

use opentelemetry::trace::{SpanId, TraceId};

/// A log record that was written inside a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) unix_nano: u64,
    pub(crate) severity: Severity,
    /// Message and fields.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Info,
    Warning,
    Error,
}
