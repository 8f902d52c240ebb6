//! From the call of the inner service to the response's head.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Body;
use otel_propagation::HeaderExtractor;
use pin_project::pin_project;

use super::body::{BodyError, ResponseBody, describe_body_error};
use super::version;
use crate::facts::Response;
use crate::operation::Operation;
use crate::outcome::ErrorType;

/// Polls a service's future in the context of an [`Operation`] and passes the operation on to the
/// response's body.
#[pin_project]
pub struct ResponseFuture<F> {
    #[pin]
    inner: F,
    /// `None` if another layer records the request, and after the head.
    operation: Option<Operation>,
    describe: fn(&dyn Any) -> BodyError,
}

impl<F> ResponseFuture<F> {
    /// Calls the inner service, inside the operation's context.
    pub fn new(operation: Operation, call: impl FnOnce() -> F) -> Self {
        Self::new_with(operation, describe_body_error, call)
    }

    /// The same as [`new`](Self::new), and `describe` classifies errors of the response's body; see
    /// [`ResponseBody::wrap_with`].
    pub fn new_with(
        operation: Operation,
        describe: fn(&dyn Any) -> BodyError,
        call: impl FnOnce() -> F,
    ) -> Self {
        let mut operation = Some(operation);
        let inner = Operation::run_in(&mut operation, call);
        Self {
            inner,
            operation,
            describe,
        }
    }

    /// Creates a future that is only passed through; nothing is recorded.
    pub fn untouched(inner: F) -> Self {
        Self {
            inner,
            operation: None,
            describe: describe_body_error,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<http::Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<http::Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Operation::run_in(this.operation, || this.inner.poll(task)));
        let Some(mut operation) = this.operation.take() else {
            return Poll::Ready(result.map(|response| response.map(ResponseBody::untouched)));
        };
        match result {
            Ok(mut response) => {
                let headers = HeaderExtractor(response.headers());
                let facts = Response::new(response.status().as_u16(), &headers);
                operation.record_response(&facts.version(version(response.version())));
                if let Some(ErrorType(error_type)) = response.extensions().get() {
                    operation.fail(*error_type, "");
                }
                if let Some(timing) = operation.server_timing() {
                    append_timing(response.headers_mut(), timing);
                }
                let response = ResponseBody::wrap_with(response, operation, *this.describe);
                Poll::Ready(Ok(response))
            }
            Err(error) => {
                operation.fail(ErrorType::of(&error).0, "");
                operation.finish();
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Adds a line beside the application's own; a full map gets none.
fn append_timing(headers: &mut HeaderMap, timing: String) {
    if let Ok(timing) = HeaderValue::try_from(timing) {
        let _ = headers.try_append(SERVER_TIMING, timing);
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseFuture")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
