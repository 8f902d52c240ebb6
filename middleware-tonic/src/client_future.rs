//! From a client's call to the head of its response.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use otel_instrumentation::Operation;
use pin_project::pin_project;

use crate::call::Call;
use crate::call_body::CallBody;
use crate::error;

/// Polls a channel's future in the context of the call, up to the response's head.
#[pin_project]
pub struct OtelClientFuture<F> {
    #[pin]
    inner: F,
    /// `None` if another layer records the call, and after the head.
    call: Option<Call>,
}

impl<F> OtelClientFuture<F> {
    /// Calls the channel inside the call's context.
    pub(crate) fn new(call: Option<Call>, send: impl FnOnce() -> F) -> Self {
        let mut call = call;
        let inner = Operation::run_in(&mut call, send);
        Self { inner, call }
    }
}

impl<F, B, E> Future for OtelClientFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
    B: Body,
{
    type Output = Result<Response<CallBody<B>>, Box<dyn Error + Send + Sync>>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Operation::run_in(this.call, || this.inner.poll(task)));
        let Some(mut call) = this.call.take() else {
            return Poll::Ready(match result {
                Ok(response) => Ok(response.map(CallBody::untouched)),
                Err(error) => Err(error.into()),
            });
        };
        Poll::Ready(match result {
            Ok(response) => {
                if error::is_deadline(response.headers()) {
                    call.exceed_deadline();
                }
                Ok(CallBody::wrap(response, call))
            }
            Err(error) => {
                let error = error::fail(&mut call, error.into());
                call.finish();
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for OtelClientFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelClientFuture")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
