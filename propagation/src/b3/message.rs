//! The content of B3, whichever headers carry it.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceId, TraceState},
};

use crate::{hex, sampling::Sampling};

/// The content of the headers, in either form.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    /// Absent if the caller sent only a sampling decision.
    pub(super) ids: Option<Ids>,
    pub(super) sampling: Sampling,
}

impl Message {
    pub(super) fn of(context: &Context) -> Option<Self> {
        let span = context.span();
        let span_context = span.span_context();
        let ids = span_context.is_valid().then(|| Ids {
            trace_id: span_context.trace_id(),
            span_id: span_context.span_id(),
        });
        // Without a span, only a decision that came in without a trace is passed on.
        if ids.is_none() && !(span_context.is_remote() && Sampling::is_alone_in(context)) {
            return None;
        }
        Some(Self {
            ids,
            sampling: Sampling::of(context, span_context),
        })
    }

    pub(super) fn into_context(self, context: &Context) -> Context {
        // A decision alone must not hide a parent that another format has found.
        if self.ids.is_none() && context.span().span_context().is_valid() {
            return context.clone();
        }
        let (trace_id, span_id) = match self.ids {
            Some(ids) => (ids.trace_id, ids.span_id),
            None => (TraceId::INVALID, SpanId::INVALID),
        };
        let flags = self.sampling.flags();
        self.sampling
            .remember(context, trace_id)
            .with_remote_span_context(SpanContext::new(
                trace_id,
                span_id,
                flags,
                true,
                TraceState::NONE,
            ))
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Ids {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
}

impl Ids {
    /// Reads ids of full length, or a trace id of 64 bits.
    pub(super) fn parse(trace_id: &str, span_id: &str) -> Option<Self> {
        let trace_id = match hex::decode::<16>(trace_id.as_bytes()) {
            Some(short) => TraceId::from(short),
            None => hex::trace_id(trace_id.as_bytes())?,
        };
        let ids = Self {
            trace_id,
            span_id: hex::span_id(span_id.as_bytes())?,
        };
        (ids.trace_id != TraceId::INVALID).then_some(ids)
    }
}
