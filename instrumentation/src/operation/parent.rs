//! The origin of an operation: the context in which it begins, and the trace to which it belongs.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{TraceContextExt, TraceId};

use super::baggage::{self, Injection};
use super::instrumentation::Instrumentation;
use super::lifecycle::Operation;
use crate::config::{ClientOptions, ServerOptions};
use crate::facts::Request;
use crate::providers::EarlyDecision;

/// The origin of an operation that is to be recorded.
pub(crate) struct Origin {
    /// The context that the span is put into. It is passed on itself if there is no span.
    pub(super) base: Context,
    pub(super) parent: Parent,
    pub(super) sampling: Sampling,
    /// The part of the context that goes out with the request.
    pub(super) injection: Injection,
}

/// The parent of the new span.
#[derive(Clone, Copy)]
pub(super) enum Parent {
    /// The span in the base context, if there is one.
    Base,
    /// No parent: the span is a root.
    None,
    /// No parent, but the root links to the span in the base context.
    Linked,
}

/// The sampler's decision. It is moved with the origin, so it has to be small.
pub(super) enum Sampling {
    /// It decides when the span is built.
    Late,
    /// The span is not sampled, and this is the context with it.
    Unsampled(Context),
    /// The span is sampled as the root of this trace.
    Root(TraceId),
}

impl Origin {
    /// Asks the sampler, if it can decide early. `Err` is the operation if it does not sample and
    /// there are no metrics either.
    pub(super) fn new(
        base: Context,
        parent: Parent,
        injection: Injection,
        instrumentation: &Arc<Instrumentation>,
    ) -> Result<Self, Operation> {
        let resolved = &instrumentation.resolved;
        let decision = match parent {
            Parent::Base => resolved.decide(&base),
            Parent::None | Parent::Linked => resolved.decide(&Context::new()),
        };
        let sampling = match decision {
            EarlyDecision::Unknown => Sampling::Late,
            EarlyDecision::Root(trace_id) => Sampling::Root(trace_id),
            EarlyDecision::Unsampled(span) => {
                let context = base.with_remote_span_context(span);
                if !instrumentation.measures() {
                    let instrumentation = instrumentation.clone();
                    return Err(Operation::decided(context, instrumentation, injection));
                }
                Sampling::Unsampled(context)
            }
        };
        Ok(Self {
            base,
            parent,
            sampling,
            injection,
        })
    }

    /// True if there may be a span, so that attributes for it are needed.
    pub(crate) fn may_have_span(&self) -> bool {
        !matches!(self.sampling, Sampling::Unsampled(_))
    }

    /// An incoming request; `Err` is the operation if it is not recorded.
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

    /// An incoming request whose parent is the current span, whatever its headers say. `Err` is the
    /// operation if nothing is recorded.
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

    /// Work that injects no context; `Err` is the operation if it is not recorded.
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

    /// The context in which the operation begins.
    pub(crate) fn context(&self) -> &Context {
        &self.base
    }

    /// An outgoing request; `Err` is the operation if it is not recorded.
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

/// The parts of the current context that a request carries.
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

/// The context that an unrecorded request passes on, if some endpoints are public.
fn passed_on(
    request: &Request<'_>,
    ambient: &Context,
    base: Context,
    options: &ServerOptions,
) -> Context {
    match parent(request, ambient, &base, options) {
        Parent::Base | Parent::None => base,
        Parent::Linked => without_trace(&base),
    }
}

/// The remote span of the request. Without one, the active local span, for instance if a handler
/// dispatches to another router in its process. A remote span that is current came with another
/// request and is not a parent.
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
        true if found.is_valid() => Parent::Linked,
        true => Parent::None,
        // Also an invalid one: it may be a sampling decision that came without a trace (`b3: 0`),
        // which samplers may obey.
        false => Parent::Base,
    }
}

/// An invalid span in the context, such as the SDK's after its shutdown, is not a parent; a
/// `ParentBased` sampler would take it for an unsampled one. An invalid remote span is a sampling
/// decision that came without a trace, so it is kept for samplers.
pub(super) fn local_parent(base: &Context) -> Parent {
    let span = base.span();
    let local = span.span_context();
    if base.has_active_span() && !local.is_valid() && !local.is_remote() {
        return Parent::None;
    }
    Parent::Base
}

/// The context without the remote trace, which ends at a public endpoint even if no new trace
/// begins.
pub(super) fn without_trace(base: &Context) -> Context {
    let baggage: Baggage = base
        .baggage()
        .iter()
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect();
    Context::current().with_baggage(baggage)
}
