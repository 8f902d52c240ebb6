//! What a remote parent said and opentelemetry's types would lose on the way out.

use opentelemetry::{
    Context,
    trace::{TraceFlags, TraceId, TraceState},
};

use super::tracestate::RawTraceState;

/// Rides in the [`Context`] beside the span, from extraction to every injection below it.
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
    /// What has to be kept of a parent that is extracted into `context`, if anything.
    ///
    /// A context value costs three allocations, so the plain case goes without. A value that an
    /// earlier extraction left behind is replaced in any case: it may name the same trace.
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

    /// What is known about the trace.
    pub(super) fn of(context: &Context, trace_id: TraceId) -> Option<&Self> {
        context
            .get::<Self>()
            .filter(|incoming| incoming.trace_id == trace_id)
    }

    /// The random flag if it came in: the SDK forgets it on the spans it drops.
    pub(super) fn flags(&self) -> TraceFlags {
        self.flags
    }

    /// The `tracestate` to send for a span whose own is `current`, where it is not `current`.
    pub(super) fn tracestate(&self, current: &TraceState) -> Option<&str> {
        self.raw.as_ref()?.text_unless_changed(current)
    }
}

/// The trace id's rightmost seven bytes are random: Level 2, unknown to opentelemetry's API.
pub(super) const RANDOM: TraceFlags = TraceFlags::new(0x02);
