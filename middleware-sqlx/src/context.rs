//! Futures that are polled inside of an operation's context.

use std::pin::Pin;
use std::task::Poll;

use opentelemetry::Context;
use otel_instrumentation::DbOperation;
use pin_project::pin_project;

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

    /// Polls `future` with the context attached.
    pub(crate) fn run<F: Future>(self, future: F) -> Within<F> {
        Within {
            context: self.context,
            future,
        }
    }
}

#[pin_project]
pub(crate) struct Within<F> {
    context: Option<Context>,
    #[pin]
    future: F,
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _attached = this.context.clone().map(Context::attach);
        this.future.poll(task)
    }
}
