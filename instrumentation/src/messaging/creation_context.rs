//! The context in which a message was created, read from its headers.

use std::sync::LazyLock;

use opentelemetry::propagation::Injector;
use opentelemetry::trace::{
    Link, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue};
use otel_propagation::{MessageExtractor, MessageHeaders};

use crate::providers::Providers;

/// The span that created the message, if the headers contain it.
pub(super) fn creation_context(
    providers: &Providers,
    headers: &impl MessageHeaders,
) -> Option<SpanContext> {
    let extracted = providers.extract(&Context::new(), &MessageExtractor(headers));
    let span = extracted.span();
    let found = span.span_context();
    found.is_valid().then(|| found.clone())
}

pub(super) fn link(created: SpanContext, attributes: Vec<KeyValue>) -> Link {
    Link::new(created, attributes, 0)
}

/// True if the propagator carries the trace, and not only baggage or nothing.
pub(super) fn carries_trace(providers: &Providers) -> bool {
    let mut probe = Probe { is_set: false };
    providers.inject(&PROBED, &mut probe);
    probe.is_set
}

/// A carrier that notices whether a header is set.
struct Probe {
    is_set: bool,
}

impl Injector for Probe {
    fn set(&mut self, _: &str, value: String) {
        self.is_set |= !value.is_empty();
    }
}

/// A context with a span and no baggage.
static PROBED: LazyLock<Context> = LazyLock::new(|| {
    let span = SpanContext::new(
        TraceId::from(1),
        SpanId::from(1),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    Context::new().with_remote_span_context(span)
});
