//! Samplers that can decide before a span is built.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, TraceId, TracerProvider};
use opentelemetry::{Context, InstrumentationScope};

/// A sampler that reads only the parent and the trace id, so that it can decide before a span has
/// its name and attributes.
///
/// A request that it drops then costs a fraction, because nothing is built to be thrown away. Do
/// not implement this for a sampler that reads more, because it would not see what it needs.
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
    /// Decides about the next span below `parent`, whose own span may be absent or not valid.
    fn decide(&self, parent: &Context) -> EarlyDecision;
}

/// The decision of an [`EarlySampler`] about a span that is about to begin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EarlyDecision {
    /// No decision yet: the span begins, and its provider decides.
    Unknown,
    /// The span is not sampled, and this is its context. The provider is not asked.
    Unsampled(SpanContext),
    /// The span is sampled as the root of this trace. The provider's id generator has to use
    /// [`proposed_trace_id`] then; otherwise it would decide anew.
    Root(TraceId),
}

/// A tracer provider with a sampler that can decide early.
///
/// Set it as the global provider or pass it to [`Providers`](crate::Providers). The
/// instrumentations of this suite then find its sampler. All other code sees the wrapped provider.
#[derive(Clone, Debug)]
pub struct EarlySampled<P> {
    provider: P,
    sampler: Arc<dyn EarlySampler>,
}

impl<P> EarlySampled<P> {
    /// Wraps `provider`. `sampler` has to decide as the sampler of `provider` does.
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
        // The global provider does not expose the one behind it, but it calls it.
        let _ = ANSWERED.try_with(|answered| {
            if let Ok(mut answered) = answered.try_borrow_mut() {
                *answered = Some(self.sampler.clone());
            }
        });
        self.provider.tracer_with_scope(scope)
    }
}

/// Takes the trace id for the next root span of this thread; the next call returns `None`. It is
/// for the id generator that belongs to an [`EarlySampler`].
#[must_use]
pub fn proposed_trace_id() -> Option<TraceId> {
    PROPOSED.try_with(Cell::take).ok().flatten()
}

/// Begins a span as the root of that trace, if the provider's id generator uses the proposal.
pub(crate) fn proposing<T>(trace_id: TraceId, begin: impl FnOnce() -> T) -> T {
    let _ = PROPOSED.try_with(|proposed| proposed.set(Some(trace_id)));
    let begun = begin();
    // If it was not taken, it must not become the trace of another span.
    let _ = proposed_trace_id();
    begun
}

/// The result of `find`, and the sampler of the provider that `find` asked for a tracer.
pub(super) fn with_sampler<T>(find: impl FnOnce() -> T) -> (T, Option<Arc<dyn EarlySampler>>) {
    let take = || ANSWERED.try_with(RefCell::take).ok().flatten();
    // Other code asks for tracers, too.
    let _ = take();
    let found = find();
    (found, take())
}

thread_local! {
    static ANSWERED: RefCell<Option<Arc<dyn EarlySampler>>> = const { RefCell::new(None) };
    static PROPOSED: Cell<Option<TraceId>> = const { Cell::new(None) };
}
