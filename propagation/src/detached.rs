//! Context for work that runs beside the request that caused it, or after it.
//!
//! The current context belongs to a thread. A spawned task has none, so its spans start new traces
//! without a link to the request.

use opentelemetry::{
    Context,
    trace::{Link, Span, SpanBuilder, SpanContext, TraceContextExt, Tracer},
};

/// Starts a span that is the root of a new trace and links to the current span.
///
/// Use it for work that a request starts but does not wait for, such as sending a mail. As a child,
/// its span would stretch the trace long beyond the request and share the request's sampling
/// decision. The link leads from the new span to the current one. If there is no current span,
/// there is no link.
///
/// The returned context is the current one with the new span in it; baggage, for instance, is kept.
/// The span ends when the last clone of that context is dropped, or by `context.span().end()`. If
/// `tracer` starts no span, because there is no SDK, or because telemetry is suppressed or was shut
/// down, the current context is returned unchanged.
///
/// Run the work in the context with opentelemetry's `FutureExt::with_context`, on any runtime. On
/// tokio `spawn_with_context` does so and spawns, and `spawn_blocking_with_context` runs a function
/// that blocks (feature `tokio`).
///
/// ```
/// use opentelemetry::{global, trace::{FutureExt, SpanBuilder, SpanKind}};
/// use otel_propagation::linked_root;
///
/// # async fn send_receipt() {}
/// let tracer = global::tracer("shop");
/// let context = linked_root(
///     &tracer,
///     SpanBuilder::from_name("send receipt").with_kind(SpanKind::Internal),
/// );
/// let work = send_receipt().with_context(context);
/// // … give `work` to a runtime.
/// # drop(work);
/// ```
pub fn linked_root<T>(tracer: &T, builder: SpanBuilder) -> Context
where
    T: Tracer,
    T::Span: Send + Sync + 'static,
{
    let current = Context::current();
    if current.is_telemetry_suppressed() {
        return current;
    }
    let cause = current.span().span_context().clone();
    let span = tracer.build_with_context(linked(builder, cause), &Context::new());
    // A tracer without an SDK returns an invalid span, which would hide the current one.
    if span.span_context().is_valid() {
        current.with_span(span)
    } else {
        current
    }
}

fn linked(mut builder: SpanBuilder, cause: SpanContext) -> SpanBuilder {
    if cause.is_valid() {
        builder
            .links
            .get_or_insert_default()
            .push(Link::with_context(cause));
    }
    builder
}

/// Spawns work on tokio's runtime, in the given context.
///
/// The context is current during every poll of `work`. So the spans that `work` starts are children
/// of the context's span, and its calls carry the context's trace and baggage. For work that
/// belongs to the request, give it [`Context::current`]; for work that outlives it, a
/// [`linked_root`].
///
/// # Panics
///
/// Panics outside a runtime, as `tokio::spawn` does.
///
/// ```
/// use opentelemetry::{Context, global, trace::SpanBuilder};
/// use otel_propagation::{linked_root, spawn_with_context};
///
/// # async fn look_up_stock() -> u32 { 3 }
/// # async fn send_receipt() {}
/// async fn checkout() {
///     let stock = spawn_with_context(Context::current(), look_up_stock());
///
///     let tracer = global::tracer("shop");
///     let context = linked_root(&tracer, SpanBuilder::from_name("send receipt"));
///     spawn_with_context(context, send_receipt());
/// #   assert_eq!(stock.await.unwrap(), 3);
/// }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(checkout());
/// ```
#[cfg(feature = "tokio")]
pub fn spawn_with_context<F>(context: Context, work: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(opentelemetry::trace::FutureExt::with_context(work, context))
}

/// Runs blocking work on a thread of tokio's pool for it, in the given context.
///
/// The context is current while `work` runs. It is an argument because the closure runs on another
/// thread, which has no current context. For work that belongs to the request, give it
/// [`Context::current`]; for work that outlives it, a [`linked_root`].
///
/// Work that has begun cannot be aborted, so a linked root ends when `work` returns or panics.
///
/// # Panics
///
/// Panics outside a runtime, as `tokio::task::spawn_blocking` does.
///
/// ```
/// use opentelemetry::Context;
/// use otel_propagation::spawn_blocking_with_context;
///
/// # fn resize(image: Vec<u8>) -> Vec<u8> { image }
/// async fn thumbnail(image: Vec<u8>) -> Vec<u8> {
///     let work = spawn_blocking_with_context(Context::current(), move || resize(image));
///     work.await.unwrap_or_default()
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # assert_eq!(runtime.block_on(thumbnail(vec![1])), [1]);
/// ```
#[cfg(feature = "tokio")]
pub fn spawn_blocking_with_context<F, T>(context: Context, work: F) -> tokio::task::JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(move || {
        let _attached = context.attach();
        work()
    })
}
