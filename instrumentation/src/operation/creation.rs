//! The origin of an operation on messages: their creation context and the current context.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::baggage::{self, Injection};
use super::instrumentation::Instrumentation;
use super::lifecycle::Operation;
use super::parent::{Origin, Parent, local_parent, without_trace};

/// What is known about the creation context of a received message.
pub(crate) struct Creation {
    /// `Err` is the operation of a message that is not recorded.
    pub(crate) origin: Result<Origin, Operation>,
    /// The creation context, if it is not the parent.
    pub(crate) link: Option<SpanContext>,
}

impl Creation {
    /// Begins the processing of one message.
    ///
    /// It is a child of the creation context if that is allowed and no local span is active.
    /// Otherwise it belongs to the current context and links to the creation context. The context
    /// always has the baggage of the message.
    pub(crate) fn of(
        instrumentation: &Arc<Instrumentation>,
        headers: &dyn Extractor,
        may_continue: bool,
        accepts: impl FnOnce() -> bool,
    ) -> Self {
        let ambient = Context::current();
        if ambient.is_telemetry_suppressed() {
            let (origin, link) = (Err(Operation::transparent(ambient)), None);
            return Self { origin, link };
        }
        let providers = instrumentation.resolved.providers();
        let mut extracted = providers.extract(&ambient, headers);
        if let Some(limit) = instrumentation.config.baggage_limit {
            extracted = baggage::limited(extracted, limit);
        }
        let (base, parent, link) = place(&ambient, extracted, may_continue);
        let origin = if instrumentation.resolved.is_found() && accepts() {
            Origin::new(base, parent, Injection::Everything, instrumentation)
        } else {
            Err(Operation::passing_on(base))
        };
        Self { origin, link }
    }
}

impl Origin {
    /// Begins a client's operation as a child of the current span; `Err` is the operation if it is
    /// not recorded.
    pub(crate) fn current(
        instrumentation: &Arc<Instrumentation>,
        injection: impl FnOnce(&Context) -> Injection,
        accepts: impl FnOnce() -> bool,
    ) -> Result<Self, Operation> {
        let base = Context::current();
        if base.is_telemetry_suppressed() {
            return Err(Operation::transparent(base));
        }
        let injection = injection(&base);
        if !instrumentation.resolved.is_found() || !accepts() {
            let instrumentation = instrumentation.clone();
            return Err(Operation::unrecorded(base, instrumentation, injection));
        }
        let parent = local_parent(&base);
        Self::new(base, parent, injection, instrumentation)
    }
}

/// The context of the work, the parent of its span, and its link.
fn place(
    ambient: &Context,
    extracted: Context,
    may_continue: bool,
) -> (Context, Parent, Option<SpanContext>) {
    let has_local = is_local(ambient);
    let local = || match has_local {
        true => Parent::Base,
        false => Parent::None,
    };
    let span = extracted.span();
    let found = span.span_context();
    let is_none =
        !extracted.has_active_span() || std::ptr::eq(found, ambient.span().span_context());
    if is_none {
        return (extracted, local(), None);
    }
    if may_continue && !has_local {
        // Also an invalid one: it is a sampling decision that came without a trace.
        return (extracted, Parent::Base, None);
    }
    let link = found.is_valid().then(|| found.clone());
    (without_trace(&extracted), local(), link)
}

/// True if a local span is active. A remote span that is current came with something else and is
/// not a parent.
fn is_local(context: &Context) -> bool {
    let span = context.span();
    let current = span.span_context();
    current.is_valid() && !current.is_remote()
}
