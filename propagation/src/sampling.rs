//! The sampling states of the older formats. Opentelemetry's flags can express two of them.

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceFlags, TraceId},
};

/// A caller's sampling decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sampling {
    /// Do not record.
    Deny,
    /// Record.
    Accept,
    /// Record, and make every service below record, whatever its sampler decides.
    Debug,
    /// The receiver decides.
    Defer,
}

impl Sampling {
    /// The part of the decision that a span context can hold. A sampler cannot distinguish `Defer`
    /// from `Deny`.
    pub(crate) fn flags(self) -> TraceFlags {
        match self {
            Self::Accept | Self::Debug => TraceFlags::SAMPLED,
            Self::Deny | Self::Defer => TraceFlags::NOT_SAMPLED,
        }
    }

    /// Keeps in `context` what [`flags`](Self::flags) cannot express about the trace.
    ///
    /// `TraceId::INVALID` stands for a caller who sent a decision without a trace.
    pub(crate) fn remember(self, context: &Context, trace_id: TraceId) -> Context {
        let expressible = matches!(self, Self::Deny | Self::Accept) && trace_id != TraceId::INVALID;
        // A value from an earlier extraction may name the same trace and has to be replaced.
        if expressible && context.get::<Remembered>().is_none() {
            return context.clone();
        }
        context.with_value(Remembered {
            trace_id,
            sampling: self,
        })
    }

    /// The decision to send to the next service below a span.
    pub(crate) fn of(context: &Context, span_context: &SpanContext) -> Self {
        let decided = if span_context.is_sampled() {
            Self::Accept
        } else {
            Self::Deny
        };
        let Some(remembered) = context.get::<Remembered>() else {
            return decided;
        };
        let is_its_trace = remembered.trace_id == span_context.trace_id();
        let is_alone = remembered.trace_id == TraceId::INVALID;
        match remembered.sampling {
            Self::Debug if is_its_trace => Self::Debug,
            // If the sampler did not follow the decision, it is not passed on: it came without a
            // trace, so no service above has recorded anything of this trace.
            Self::Debug if is_alone && decided == Self::Accept => Self::Debug,
            // Still open only if no span of this process has been started.
            Self::Defer if is_its_trace && span_context.is_remote() => Self::Defer,
            _ => decided,
        }
    }

    /// True if `context` holds a decision that came without a trace.
    pub(crate) fn is_alone_in(context: &Context) -> bool {
        context
            .get::<Remembered>()
            .is_some_and(|remembered| remembered.trace_id == TraceId::INVALID)
    }
}

#[derive(Debug)]
struct Remembered {
    trace_id: TraceId,
    sampling: Sampling,
}
