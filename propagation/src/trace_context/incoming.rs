//! The data of a remote parent that opentelemetry's types cannot hold until injection.

use opentelemetry::{
    Context,
    trace::{TraceFlags, TraceId, TraceState},
};

use super::tracestate::RawTraceState;

/// Stored in the [`Context`] beside the span, from extraction to every injection below it.
///
/// It holds for one trace only: a span that starts a new trace under the same context shares
/// neither the flag nor the list.
#[derive(Debug)]
pub(super) struct Incoming {
    trace_id: TraceId,
    flags: TraceFlags,
    raw: Option<RawTraceState>,
}

impl Incoming {
    /// The data to keep of a parent that is extracted into `context`, if any.
    ///
    /// A context value costs three allocations, so the plain case goes without. A value from an
    /// earlier extraction is always replaced: it may name the same trace.
    pub(super) fn new(
        trace_id: TraceId,
        flags: TraceFlags,
        raw: Option<RawTraceState>,
        context: &Context,
    ) -> Option<Self> {
        let incoming = Self {
            trace_id,
            flags: flags & RANDOM,
            raw,
        };
        let needed =
            incoming.flags == RANDOM || incoming.raw.is_some() || context.get::<Self>().is_some();
        needed.then_some(incoming)
    }

    /// The data kept for this trace, if any.
    pub(super) fn of(context: &Context, trace_id: TraceId) -> Option<&Self> {
        context
            .get::<Self>()
            .filter(|incoming| incoming.trace_id == trace_id)
    }

    /// The random flag, if it came in. The SDK loses it on the spans that it drops.
    pub(super) fn flags(&self) -> TraceFlags {
        self.flags
    }

    /// The `tracestate` to send for a span whose own is `current`; `None` if it is `current`
    /// itself.
    pub(super) fn tracestate(&self, current: &TraceState) -> Option<&str> {
        self.raw.as_ref()?.text_unless_changed(current)
    }
}

/// Says that the trace id's rightmost seven bytes are random. New in Level 2; opentelemetry's API
/// does not know it.
pub(super) const RANDOM: TraceFlags = TraceFlags::new(0x02);
