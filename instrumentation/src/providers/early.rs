//! Samplers that can be asked before anything is written down for them.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, TraceId, TracerProvider};
use opentelemetry::{Context, InstrumentationScope};

/// A sampler that looks at nothing but parent and trace id, so that it can be asked before a span
/// has its name and its attributes.
///
/// What it decides against then costs a fraction: nothing is built that would be thrown away. A
/// sampler that looks at more must not say that it can be asked: it would see less than it wants.
///
/// ```
/// use opentelemetry::Context;
/// use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags};
/// use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider};
/// use otel_instrumentation::{EarlyDecision, EarlySampled, EarlySampler};
///
/// /// The SDK's default: what the parent says. Roots are sampled, and need not be asked about.
/// #[derive(Debug)]
/// struct ByParent;
///
/// impl EarlySampler for ByParent {
///     fn decide(&self, parent: &Context) -> EarlyDecision {
///         let span = parent.span();
///         let parent = span.span_context();
///         if !parent.is_valid() || parent.is_sampled() {
///             return EarlyDecision::Unknown;
///         }
///         EarlyDecision::Unsampled(SpanContext::new(
///             parent.trace_id(),
///             RandomIdGenerator::default().new_span_id(),
///             TraceFlags::NOT_SAMPLED,
///             false,
///             parent.trace_state().clone(),
///         ))
///     }
/// }
///
/// let provider = SdkTracerProvider::builder().build();
/// opentelemetry::global::set_tracer_provider(EarlySampled::new(provider, ByParent));
/// ```
pub trait EarlySampler: fmt::Debug + Send + Sync {
    /// What becomes of the next span below `parent`, whose span may be none or not valid.
    fn decide(&self, parent: &Context) -> EarlyDecision;
}

/// What an [`EarlySampler`] knows of a span that is about to begin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EarlyDecision {
    /// Nothing: the span begins, and its provider decides.
    Unknown,
    /// It is not sampled, and this is its context. The provider is not asked.
    Unsampled(SpanContext),
    /// It is sampled as the root of this trace. The provider's generator of ids has to take
    /// [`proposed_trace_id`] then, or it would decide anew.
    Root(TraceId),
}

/// A tracer provider with a sampler that can be asked early.
///
/// Set it as the global provider or give it to [`Providers`](crate::Providers): the
/// instrumentations of this suite find the sampler behind it. For all others it is the provider
/// that it was made from.
#[derive(Clone, Debug)]
pub struct EarlySampled<P> {
    provider: P,
    sampler: Arc<dyn EarlySampler>,
}

impl<P> EarlySampled<P> {
    /// `sampler` has to decide as the sampler of `provider` does.
    #[must_use]
    pub fn new(provider: P, sampler: impl EarlySampler + 'static) -> Self {
        Self {
            provider,
            sampler: Arc::new(sampler),
        }
    }
}

impl<P: TracerProvider> TracerProvider for EarlySampled<P> {
    type Tracer = P::Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Self::Tracer {
        // The global provider shows nothing of the one behind it, but it calls it.
        let _ = ANSWERED.try_with(|answered| {
            if let Ok(mut answered) = answered.try_borrow_mut() {
                *answered = Some(self.sampler.clone());
            }
        });
        self.provider.tracer_with_scope(scope)
    }
}

/// The trace that the next root of this thread is to begin, for the generator of ids that belongs
/// to an [`EarlySampler`]. It is taken: the next call finds none.
#[must_use]
pub fn proposed_trace_id() -> Option<TraceId> {
    PROPOSED.try_with(Cell::take).ok().flatten()
}

/// Begins a span as the root of that trace, if the provider's generator of ids takes it.
pub(crate) fn proposing<T>(trace_id: TraceId, begin: impl FnOnce() -> T) -> T {
    let _ = PROPOSED.try_with(|proposed| proposed.set(Some(trace_id)));
    let begun = begin();
    // Nobody took it: it must not become the trace of something else.
    let _ = proposed_trace_id();
    begun
}

/// What `find` finds, and the sampler of the provider that it has asked for a tracer.
pub(super) fn with_sampler<T>(find: impl FnOnce() -> T) -> (T, Option<Arc<dyn EarlySampler>>) {
    let take = || ANSWERED.try_with(RefCell::take).ok().flatten();
    // Others ask for tracers, too.
    let _ = take();
    let found = find();
    (found, take())
}

thread_local! {
    static ANSWERED: RefCell<Option<Arc<dyn EarlySampler>>> = const { RefCell::new(None) };
    static PROPOSED: Cell<Option<TraceId>> = const { Cell::new(None) };
}
