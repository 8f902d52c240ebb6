//! From the response's head to its trailers.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use otel_instrumentation::{ErrorType, Operation, Response as Facts};
use otel_propagation::HeaderExtractor;
use pin_project::{pin_project, pinned_drop};
use tonic::Status;

use crate::method::Candidate;
use crate::web;

/// A body that ends a call when its trailers, its end or an error comes, or when it is dropped.
///
/// Its errors are the [`Status`] that tonic would make of those of the inner body anyway; apart
/// from that nothing changes. How many bytes passed says nothing about a call: it is not over
/// before its trailers.
#[pin_project(PinnedDrop)]
pub struct ResponseBody<B> {
    #[pin]
    inner: B,
    // Dropped before the operation, which it may still tell what the method was.
    candidate: Option<Box<Candidate>>,
    operation: Option<Operation>,
    /// Whether the trailers come as a message.
    is_web: bool,
}

impl<B: Body> ResponseBody<B> {
    /// The head is there. Where it is all of the response, the call is over.
    pub(crate) fn wrap(
        response: Response<B>,
        mut operation: Operation,
        candidate: Option<Box<Candidate>>,
    ) -> Response<Self> {
        operation.respond(&Facts {
            status: response.status().as_u16(),
            version: None,
            headers: &HeaderExtractor(response.headers()),
        });
        if let Some(ErrorType(error_type)) = response.extensions().get() {
            operation.fail(*error_type, "");
        }
        let candidate = candidate.and_then(|candidate| candidate.responded(&response));
        let is_web = web::is_web(response.headers());
        response.map(|inner| {
            let mut body = Self {
                inner,
                candidate,
                operation: Some(operation),
                is_web,
            };
            if body.inner.is_end_stream() {
                finish(&mut body.candidate, &mut body.operation);
            }
            body
        })
    }

    /// A body that is only passed through.
    pub(crate) fn untouched(inner: B) -> Self {
        Self {
            inner,
            candidate: None,
            operation: None,
            is_web: false,
        }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Status>>> {
        let this = self.project();
        let candidate = this.candidate.as_deref();
        let polled = Operation::scope_of(this.operation, || {
            let _unwinding = candidate.map(Candidate::unwinding);
            this.inner.poll_frame(task)
        });
        Poll::Ready(match ready!(polled) {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    complete(this.candidate, this.operation, trailers);
                } else if let Some(data) = frame.data_ref().filter(|_| *this.is_web)
                    && let Some(trailers) = web::trailers(data.chunk())
                {
                    complete(this.candidate, this.operation, &trailers);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                let status = Status::from_error(error.into());
                if let Some(operation) = this.operation {
                    record(operation, &status);
                }
                finish(this.candidate, this.operation);
                Some(Err(status))
            }
            None => {
                finish(this.candidate, this.operation);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[pinned_drop]
impl<B> PinnedDrop for ResponseBody<B> {
    fn drop(self: Pin<&mut Self>) {
        // A body without an operation has none to finish, and a cancelled call is not finished.
        let this = self.project();
        drop(this.candidate.take());
    }
}

/// Generated clients want one where they take an interceptor.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            candidate: None,
            operation: None,
            is_web: false,
        }
    }
}

impl<B: fmt::Debug> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseBody")
            .field("inner", &self.inner)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// A status that came as an error instead of metadata.
pub(crate) fn record(operation: &mut Operation, status: &Status) {
    operation.rpc_status(status.code() as u32, status.message());
}

/// The trailers are there, which is the end of the call.
fn complete(
    candidate: &mut Option<Box<Candidate>>,
    operation: &mut Option<Operation>,
    trailers: &HeaderMap,
) {
    if let Some(operation) = operation {
        operation.trailers(&HeaderExtractor(trailers));
    }
    if let Some(candidate) = candidate.take() {
        candidate.trailed(trailers);
    }
    finish(candidate, operation);
}

/// The candidate goes first: what it says has to reach the operation before its end.
fn finish(candidate: &mut Option<Box<Candidate>>, operation: &mut Option<Operation>) {
    drop(candidate.take());
    if let Some(operation) = operation.take() {
        operation.finish();
    }
}
