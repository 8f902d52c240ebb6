//! Futures that are polled inside of an operation's context.

use std::pin::Pin;
use std::task::Poll;

use opentelemetry::Context;
use otel_instrumentation::DbOperation;
use pin_project::{pin_project, pinned_drop};
use tracing::{Level, Span};

/// The context of an operation, for the calls of the driver: what it logs belongs to the query.
pub(crate) struct Scope {
    /// `None` where nothing is recorded: the caller's own context is the right one.
    context: Option<Context>,
}

impl Scope {
    pub(crate) fn of(operation: &DbOperation) -> Self {
        Self {
            context: operation.is_recorded().then(|| operation.context().clone()),
        }
    }

    /// Polls `future`, and drops it, with the context attached and below the marker.
    pub(crate) fn run<F: Future>(self, future: F) -> Within<F> {
        Within {
            marker: self.marker(),
            context: self.context,
            future: Some(future),
        }
    }

    /// Tells whoever maps sqlx's own events to spans that these statements have one. A span of
    /// `tracing` does so, because SQLite's driver takes it along to its thread. It is there only
    /// where a subscriber wants it.
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
    /// `None` once it is done, or dropped.
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
    /// A statement that is given up says so when it is dropped.
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

/// The target by which the marker is known.
const MARKER: &str = "otel_middleware_sqlx::query";
