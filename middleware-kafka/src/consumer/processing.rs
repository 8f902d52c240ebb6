//! The processing of messages, in its context.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use otel_instrumentation::{MessageOperation, Operation};
use pin_project::pin_project;

use super::output::ProcessOutput;

/// The future of [`OtelConsumer::process`](super::OtelConsumer::process): polls the work in the
/// context of its span, and ends the span with the work.
///
/// If it is dropped before its end, the span has the error `cancelled`.
#[pin_project]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Processing<F> {
    #[pin]
    work: F,
    /// `None` after the end.
    operation: Option<MessageOperation>,
}

impl<F> Processing<F> {
    /// Creates the work's future inside the operation's context.
    pub(super) fn begin(operation: MessageOperation, work: impl FnOnce() -> F) -> Self {
        let mut operation = Some(operation);
        let work = Operation::run_in(&mut operation, work);
        Self { work, operation }
    }
}

impl<F> Future for Processing<F>
where
    F: Future,
    F::Output: ProcessOutput,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(Operation::run_in(this.operation, || this.work.poll(task)));
        if let Some(mut operation) = this.operation.take() {
            if let Some(error_type) = output.error_type() {
                operation.fail(error_type.0, "");
            }
            operation.finish();
        }
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for Processing<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Processing")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}
