//! Futures that are polled inside an operation's context.

use std::pin::Pin;
use std::task::Poll;

use opentelemetry::Context;
use otel_instrumentation::DbOperation;
use pin_project::{pin_project, pinned_drop};
use tracing::{Level, Span};

/// The context of an operation, for the calls of the driver: its log records belong to the query.
pub(crate) struct Scope {
    /// `None` if nothing is recorded; the caller's own context is right then.
    context: Option<Context>,
}

impl Scope {
    pub(crate) fn of(operation: &DbOperation) -> Self {
        Self {
            context: operation.is_recorded().then(|| operation.context().clone()),
        }
    }

    /// Polls and drops `future` with the context attached and inside the marker.
    pub(crate) fn run<F: Future>(self, future: F) -> Within<F> {
        Within {
            marker: self.marker(),
            context: self.context,
            future: Some(future),
        }
    }

    /// Marks statements that have a span, for code that maps sqlx's own events to spans. The marker
    /// is a span of `tracing`, because SQLite's driver passes that on to its thread. It exists only
    /// if a subscriber enables it.
    fn marker(&self) -> Span {
        if !tracing::span_enabled!(target: MARKER, Level::DEBUG) {
            return Span::none();
        }
        let _attached = self.context.clone().map(Context::attach);
        tracing::debug_span!(target: MARKER, "query")
    }
}

#[pin_project(PinnedDrop)]
pub(crate) struct Within<F> {
    context: Option<Context>,
    marker: Span,
    /// `None` once it has completed or was dropped.
    #[pin]
    future: Option<F>,
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _attached = this.context.clone().map(Context::attach);
        let _marked = this.marker.enter();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = future.poll(task);
        if polled.is_ready() {
            this.future.set(None);
        }
        polled
    }
}

#[pinned_drop]
impl<F> PinnedDrop for Within<F> {
    /// Drops the future in its context, because an abandoned statement logs that on its drop.
    fn drop(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.future.is_none() {
            return;
        }
        let _attached = this.context.clone().map(Context::attach);
        let _marked = this.marker.enter();
        this.future.set(None);
    }
}

/// The target by which the marker is recognised.
const MARKER: &str = "otel_middleware_sqlx::query";
