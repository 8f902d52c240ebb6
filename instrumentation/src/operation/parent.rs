//! Where an operation comes from: the context it begins in, and the trace it belongs to.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::baggage::{self, Injection};
use super::instrumentation::Instrumentation;
use super::lifecycle::Operation;
use crate::config::{ClientOptions, ServerOptions};
use crate::facts::Request;
use crate::providers::EarlyDecision;

/// What an operation that is to be recorded begins with.
pub(crate) struct Origin {
    /// What the span is put into, and what is passed on where there is none.
    pub(super) base: Context,
    pub(super) parent: Parent,
    /// What the sampler has said already.
    pub(super) decision: EarlyDecision,
    /// What of it goes out with the request.
    pub(super) injection: Injection,
}

/// Where the new span's trace comes from.
pub(super) enum Parent {
    /// The span in the base context, if there is one.
    Base,
    /// Nowhere: the span is a root.
    None,
    /// Nowhere, but the root links to this span.
    Linked(SpanContext),
}

impl Origin {
    /// Asks the sampler, if it can tell already. `Err` is the operation of what it decides against
    /// where nothing measures either.
    pub(super) fn new(
        base: Context,
        parent: Parent,
        injection: Injection,
        instrumentation: &Arc<Instrumentation>,
    ) -> Result<Self, Operation> {
        let resolved = &instrumentation.resolved;
        let decision = match parent {
            Parent::Base => resolved.decide(&base),
            Parent::None | Parent::Linked(_) => resolved.decide(&Context::new()),
        };
        match decision {
            EarlyDecision::Unsampled(span) if !instrumentation.measures() => {
                let context = base.with_remote_span_context(span);
                let instrumentation = instrumentation.clone();
                Err(Operation::decided(context, instrumentation, injection))
            }
            decision => Ok(Self {
                base,
                parent,
                decision,
                injection,
            }),
        }
    }

    /// Whether anything may come of what is found out for a span.
    pub(crate) fn may_have_span(&self) -> bool {
        !matches!(self.decision, EarlyDecision::Unsampled(_))
    }

    /// A request that comes in; `Err` is the operation of one that is not recorded.
    pub(crate) fn incoming(
        instrumentation: &Arc<Instrumentation>,
        request: &Request<'_>,
        options: &ServerOptions,
    ) -> Result<Self, Operation> {
        let ambient = Context::current();
        if ambient.is_telemetry_suppressed() {
            return Err(Operation::transparent(ambient));
        }
        let providers = instrumentation.resolved.providers();
        let extracted = providers.extract(&ambient, request.headers);
        let base = match instrumentation.config.baggage_limit {
            Some(limit) => baggage::limited(extracted, limit),
            None => extracted,
        };
        if options.suppresses(request) {
            return Err(Operation::passing_on(base.with_telemetry_suppressed()));
        }
        if !instrumentation.records(request) {
            let passed_on = match &options.public_endpoint {
                Some(_) => passed_on(request, &ambient, base, options),
                None => base,
            };
            return Err(Operation::passing_on(passed_on));
        }
        let parent = parent(request, &ambient, &base, options);
        Self::new(base, parent, Injection::Everything, instrumentation)
    }

    /// A request that comes in where the current span is its parent, whatever its headers say.
    /// `Err` is the operation of one of which nothing is recorded.
    pub(crate) fn within(
        instrumentation: &Arc<Instrumentation>,
        ambient: Context,
    ) -> Result<Self, Operation> {
        Self::new(
            ambient,
            Parent::Base,
            Injection::Everything,
            instrumentation,
        )
    }

    /// Work that no context goes out with; `Err` is the operation of what is not recorded.
    pub(crate) fn local(
        instrumentation: &Arc<Instrumentation>,
        accepts: impl FnOnce() -> bool,
    ) -> Result<Self, Operation> {
        let base = Context::current();
        if base.is_telemetry_suppressed() || !instrumentation.resolved.is_found() || !accepts() {
            return Err(Operation::transparent(base));
        }
        let parent = local_parent(&base);
        Self::new(base, parent, Injection::Nothing, instrumentation)
    }

    /// The context that the operation begins in.
    pub(crate) fn context(&self) -> &Context {
        &self.base
    }

    /// A request that goes out; `Err` is the operation of one that is not recorded.
    pub(crate) fn outgoing(
        instrumentation: &Arc<Instrumentation>,
        request: &Request<'_>,
        options: &ClientOptions,
    ) -> Result<Self, Operation> {
        let base = Context::current();
        if base.is_telemetry_suppressed() {
            return Err(Operation::transparent(base));
        }
        let injection = injection(request, &base, options);
        if !instrumentation.records(request) {
            let instrumentation = instrumentation.clone();
            return Err(Operation::unrecorded(base, instrumentation, injection));
        }
        let parent = local_parent(&base);
        Self::new(base, parent, injection, instrumentation)
    }
}

/// What a request carries of the current context.
fn injection(request: &Request<'_>, context: &Context, options: &ClientOptions) -> Injection {
    let propagates = options.propagate_to.as_ref();
    if propagates.is_some_and(|propagates| !propagates(request)) {
        return Injection::Nothing;
    }
    match &options.propagate_baggage {
        Some(accepts) => Injection::choose(context.baggage(), |name| accepts(request, name)),
        None => Injection::Everything,
    }
}

/// What a request that is not recorded passes on, where some endpoints are public.
fn passed_on(
    request: &Request<'_>,
    ambient: &Context,
    base: Context,
    options: &ServerOptions,
) -> Context {
    match parent(request, ambient, &base, options) {
        Parent::Base | Parent::None => base,
        Parent::Linked(_) => without_trace(&base),
    }
}

/// The remote span that the request brought; without one the local span that is active, as where a
/// handler dispatches to another router in its process. A remote span that is merely current came
/// with some other request, and is no parent.
fn parent(
    request: &Request<'_>,
    ambient: &Context,
    base: &Context,
    options: &ServerOptions,
) -> Parent {
    if !base.has_active_span() {
        return Parent::Base;
    }
    let span = base.span();
    let found = span.span_context();
    if std::ptr::eq(found, ambient.span().span_context()) {
        return match found.is_valid() && !found.is_remote() {
            true => Parent::Base,
            false => Parent::None,
        };
    }
    let is_public = options.public_endpoint.as_ref();
    match is_public.is_some_and(|is_public| is_public(request)) {
        true if found.is_valid() => Parent::Linked(found.clone()),
        true => Parent::None,
        // Also one that is not valid: so looks a decision on sampling that came without a trace
        // (`b3: 0`), and samplers may obey it.
        false => Parent::Base,
    }
}

/// An invalid span in the context, as the SDK makes one after its shutdown, is no parent; a
/// `ParentBased` sampler would take it for an unsampled one. If it is a remote one, it is a
/// decision on sampling that came without a trace, and meant for samplers.
pub(super) fn local_parent(base: &Context) -> Parent {
    let span = base.span();
    let local = span.span_context();
    if base.has_active_span() && !local.is_valid() && !local.is_remote() {
        return Parent::None;
    }
    Parent::Base
}

/// The trace of a stranger ends at a public endpoint, also where none of our own begins.
pub(super) fn without_trace(base: &Context) -> Context {
    let baggage: Baggage = base
        .baggage()
        .iter()
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect();
    Context::current().with_baggage(baggage)
}
