//! The sampling states of the older formats, of which opentelemetry's flags know two.

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceFlags, TraceId},
};

/// What a caller says about sampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sampling {
    /// Do not record.
    Deny,
    /// Record.
    Accept,
    /// Record, and make every service below do so, whatever its sampler says.
    Debug,
    /// Whoever receives this decides.
    Defer,
}

impl Sampling {
    /// As much of it as a span context can say. Deferring looks like denying to a sampler.
    pub(crate) fn flags(self) -> TraceFlags {
        match self {
            Self::Accept | Self::Debug => TraceFlags::SAMPLED,
            Self::Deny | Self::Defer => TraceFlags::NOT_SAMPLED,
        }
    }

    /// Keeps in `context` what [`flags`](Self::flags) cannot say about the trace.
    ///
    /// `TraceId::INVALID` stands for a caller who sent a decision without a trace.
    pub(crate) fn remember(self, context: &Context, trace_id: TraceId) -> Context {
        let expressible = matches!(self, Self::Deny | Self::Accept) && trace_id != TraceId::INVALID;
        // What an earlier extraction left may name the same trace and has to go.
        if expressible && context.get::<Remembered>().is_none() {
            return context.clone();
        }
        context.with_value(Remembered {
            trace_id,
            sampling: self,
        })
    }

    /// What to say to the next service below a span.
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
            // A sampler that did not take the order does not pass it on either: it came without a
            // trace, so nobody has recorded anything of this one.
            Self::Debug if is_alone && decided == Self::Accept => Self::Debug,
            // Still open only as long as no span of this process has been started.
            Self::Defer if is_its_trace && span_context.is_remote() => Self::Defer,
            _ => decided,
        }
    }

    /// Whether `context` holds a decision that came without a trace.
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
