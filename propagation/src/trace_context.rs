//! W3C Trace Context, Level 2, as OpenTelemetry requires it.
//!
//! The SDK's propagator of the same name reads only the first `tracestate` line and the Level 1
//! keys, loses the random flag, takes the first of several `traceparent` lines, and sends empty
//! `tracestate` headers.

mod incoming;
mod server_timing;
mod traceparent;
mod tracestate;

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, TraceContextExt},
};

pub use self::server_timing::server_timing;
use self::{incoming::Incoming, traceparent::TraceParent, tracestate::Parsed};
use crate::carrier::lines::{Lines, TRACEPARENT, TRACESTATE};

/// Carries the trace in `traceparent` and `tracestate`, by the rules of [W3C Trace Context
/// Level 2](https://www.w3.org/TR/trace-context-2/).
///
/// Extraction puts a remote [`SpanContext`] into the given context. If there is no `traceparent`,
/// more than one, or an invalid one, the context is returned unchanged and `tracestate` is not
/// read. An invalid `tracestate` is dropped; the trace is continued.
///
/// Injection writes the active span's `traceparent`, and a `tracestate` unless it is empty; the
/// carriers of this crate remove an old `tracestate` when the `traceparent` is replaced. Without a
/// valid span it writes nothing.
///
/// A member of `tracestate` that opentelemetry's `TraceState` cannot hold still reaches the next
/// service, and so does the random flag when the SDK decides to drop the span.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::{Context, propagation::TextMapPropagator, trace::TraceContextExt};
/// use otel_propagation::TraceContextPropagator;
///
/// let received = HashMap::from([(
///     "traceparent".to_owned(),
///     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
/// )]);
/// let propagator = TraceContextPropagator::new();
/// let context = propagator.extract_with_context(&Context::new(), &received);
/// assert!(context.span().span_context().is_remote());
///
/// let mut sent = HashMap::new();
/// propagator.inject_context(&context, &mut sent);
/// assert_eq!(sent, received);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TraceContextPropagator {
    _private: (),
}

impl TraceContextPropagator {
    /// Creates the propagator; there is nothing to configure.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TextMapPropagator for TraceContextPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let Some(traceparent) = TraceParent::of(context) else {
            return;
        };
        let span = context.span();
        let tracestate = span.span_context().trace_state();
        let incoming = Incoming::of(context, traceparent.trace_id);
        let tracestate = match incoming.and_then(|incoming| incoming.tracestate(tracestate)) {
            Some(raw) => raw.to_owned(),
            None => tracestate::header(tracestate),
        };

        injector.set(TRACEPARENT.name, traceparent.header());
        // An old `tracestate`, as in a copied request, belongs to the replaced parent; the carriers
        // of this crate removed it with that parent.
        if !tracestate.is_empty() {
            injector.set(TRACESTATE.name, tracestate);
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let Some(traceparent) = single_traceparent(extractor) else {
            return context.clone();
        };
        let tracestate = Lines::of(extractor, TRACESTATE).map_or_else(Parsed::default, |lines| {
            Parsed::from_lines(lines.as_slice())
        });
        let incoming = Incoming::new(
            traceparent.trace_id,
            traceparent.flags,
            tracestate.raw,
            context,
        );
        let parent = SpanContext::new(
            traceparent.trace_id,
            traceparent.span_id,
            traceparent.flags,
            true,
            tracestate.trace_state,
        );
        match incoming {
            Some(incoming) => context
                .with_value(incoming)
                .with_remote_span_context(parent),
            None => context.with_remote_span_context(parent),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 2]> =
            LazyLock::new(|| [TRACEPARENT, TRACESTATE].map(|header| header.name.to_owned()));
        FieldIter::new(FIELDS.as_slice())
    }
}

/// Two lines name two parents, and choosing one would be a guess, so the trace is restarted.
fn single_traceparent(extractor: &dyn Extractor) -> Option<TraceParent> {
    let lines = Lines::of(extractor, TRACEPARENT)?;
    let [line] = lines.as_slice() else {
        return None;
    };
    TraceParent::parse(line)
}
