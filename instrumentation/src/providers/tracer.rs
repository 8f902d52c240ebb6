//! Type-erased tracers, and how a no-op is recognised.

use std::sync::LazyLock;

use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Context, InstrumentationScope};

/// A type-erased tracer provider.
pub(crate) trait TracerSource: Send + Sync {
    fn tracer(&self, scope: InstrumentationScope) -> Option<Box<dyn StartSpan>>;
}

impl<P> TracerSource for P
where
    P: TracerProvider + Send + Sync,
    P::Tracer: Send + Sync + 'static,
    <P::Tracer as Tracer>::Span: Send + Sync + 'static,
{
    fn tracer(&self, scope: InstrumentationScope) -> Option<Box<dyn StartSpan>> {
        boxed(self.tracer_with_scope(scope))
    }
}

/// A context that holds a new span.
pub(crate) struct StartedSpan {
    pub(crate) context: Context,
    pub(crate) is_recording: bool,
}

/// A type-erased tracer. The API's `BoxedTracer` would box every span a second time.
pub(crate) trait StartSpan: Send + Sync {
    /// Starts a span as a child of `parent` and puts it into `base`; `None` after a shutdown.
    fn start(&self, builder: SpanBuilder, parent: &Context, base: &Context) -> Option<StartedSpan>;
}

impl<T> StartSpan for T
where
    T: Tracer + Send + Sync,
    T::Span: Send + Sync + 'static,
{
    fn start(&self, builder: SpanBuilder, parent: &Context, base: &Context) -> Option<StartedSpan> {
        let span = self.build_with_context(builder, parent);
        // After its shutdown the SDK returns an invalid span, and a no-op returns the parent's span
        // context. Neither is a span, and in the context it would hide the valid parent.
        let own = span.span_context();
        if !own.is_valid() || own.span_id() == parent.span().span_context().span_id() {
            return None;
        }
        let is_recording = span.is_recording();
        Some(StartedSpan {
            context: base.with_span(span),
            is_recording,
        })
    }
}

/// `None` for the API's no-op, which is recognised before anything is boxed.
fn boxed<T>(tracer: T) -> Option<Box<dyn StartSpan>>
where
    T: Tracer + Send + Sync + 'static,
    T::Span: Send + Sync + 'static,
{
    (!is_no_op(&tracer)).then(|| Box::new(tracer) as Box<dyn StartSpan>)
}

/// A tracer does not show its type, but a span that it starts can be checked: the no-op returns its
/// parent's span context. Any other tracer starts nothing while telemetry is suppressed.
pub(crate) fn is_no_op<T: Tracer>(tracer: &T) -> bool {
    let span = tracer.build_with_context(SpanBuilder::default(), &SUPPRESSED);
    span.span_context().span_id() == PARENT
}

static SUPPRESSED: LazyLock<Context> = LazyLock::new(|| {
    let parent = SpanContext::new(
        TraceId::from(1),
        PARENT,
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    Context::new()
        .with_remote_span_context(parent)
        .with_telemetry_suppressed()
});

const PARENT: SpanId = SpanId::from_bytes([1; 8]);
