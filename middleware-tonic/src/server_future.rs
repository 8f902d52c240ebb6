//! From the call of a server's service to the head of its response.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use otel_instrumentation::{ErrorType, Operation};
use pin_project::pin_project;
use tonic::Status;

use crate::call::Call;
use crate::call_body::CallBody;
use crate::sources::sources;

/// Polls a service's future in the context of the call, up to the response's head.
#[pin_project]
pub struct OtelServerFuture<F> {
    #[pin]
    inner: F,
    /// `None` if another layer records the call, and after the head.
    call: Option<Call>,
}

impl<F> OtelServerFuture<F> {
    /// Calls the inner service inside the call's context.
    pub(crate) fn new(call: Option<Call>, serve: impl FnOnce() -> F) -> Self {
        let mut call = call;
        let inner = Operation::run_in(&mut call, serve);
        Self { inner, call }
    }
}

impl<F, B, E> Future for OtelServerFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: 'static,
    B: Body,
{
    type Output = Result<Response<CallBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Operation::run_in(this.call, || this.inner.poll(task)));
        let Some(mut call) = this.call.take() else {
            return Poll::Ready(result.map(|response| response.map(CallBody::untouched)));
        };
        Poll::Ready(match result {
            Ok(response) => Ok(CallBody::wrap(response, call)),
            Err(error) => {
                match status_of(&error) {
                    Some(status) => call.record_error(status),
                    None => call.fail(ErrorType::of(&error), ""),
                }
                call.finish();
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for OtelServerFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelServerFuture")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// The status that is the error of a tower stack, or its source. tonic answers with it.
fn status_of<E: 'static>(error: &E) -> Option<&Status> {
    let error: &dyn Any = error;
    if let Some(status) = error.downcast_ref() {
        return Some(status);
    }
    let boxed = error.downcast_ref::<Box<dyn Error + Send + Sync>>()?;
    sources(boxed.as_ref()).find_map(<dyn Error>::downcast_ref)
}
