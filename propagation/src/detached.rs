//! Context for work that goes on beside the request that caused it, or after it.
//!
//! The current context belongs to a thread. A task that is spawned has none, and its spans begin
//! traces that nothing leads to.

use opentelemetry::{
    Context,
    trace::{Link, Span, SpanBuilder, SpanContext, TraceContextExt, Tracer},
};

/// Starts a span that is the root of a new trace and links to the current span.
///
/// For work that a request sets off and does not wait for, such as sending a mail: as a child it
/// would stretch the trace long beyond its request, and share the request's sampling decision. The
/// link leads from one to the other. Where there is no current span, there is no link.
///
/// The context returned is the current one with the new span in it; baggage, for instance, stays.
/// The span ends when the last clone of that context is dropped, or by
/// `context.span().end()`. If `tracer` starts none, because there is no SDK, or because telemetry
/// is suppressed or was shut down, the current context comes back as it is.
///
/// Run the work in the context by opentelemetry's `FutureExt::with_context`, whatever the runtime.
/// On tokio `spawn_with_context` does so and spawns, and `spawn_blocking_with_context` runs a
/// function that blocks (feature `tokio`).
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
    // A tracer without an SDK hands out an invalid span, which would hide the current one.
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
/// The context is current during every poll of `work`, so spans that it starts are children of the
/// context's span, and calls that it makes carry its trace and baggage. For work that belongs to
/// the request, give it [`Context::current`]; for work that outlives it, a [`linked_root`].
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

/// Runs blocking work on a thread that tokio's runtime keeps for it, in the given context.
///
/// The context is current while `work` runs. It is an argument, because inside of the closure the
/// current context would be the other thread's, which has none. For work that belongs to the
/// request, give it [`Context::current`]; for work that outlives it, a [`linked_root`].
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
