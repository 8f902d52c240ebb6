//! From the call of the inner service to the response's head.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::{Error, HttpResponse};
use otel_instrumentation::{ErrorType, Operation, Response};
use otel_propagation::HeaderExtractor;
use pin_project::pin_project;

use crate::OtelMiddlewareBody;
use crate::error_message::written;
use crate::error_response::fail;
use crate::headers::Headers;
use crate::pending_request::PendingRequest;
use crate::route;
use crate::server_timing::append_timing;

/// Polls the inner service's future in the context of the server span.
#[pin_project]
pub struct OtelMiddlewareFuture<F> {
    #[pin]
    inner: F,
    /// `None` if another middleware records the request.
    request: Option<PendingRequest>,
}

impl<F> OtelMiddlewareFuture<F> {
    /// Calls the inner service, inside the operation's context.
    pub(crate) fn new(request: PendingRequest, call: impl FnOnce() -> F) -> Self {
        let mut request = Some(request);
        let inner = Operation::run_in(&mut request, call);
        Self { inner, request }
    }

    /// Creates a future that is only passed through.
    pub(crate) fn untouched(inner: F) -> Self {
        Self {
            inner,
            request: None,
        }
    }
}

impl<F, B> Future for OtelMiddlewareFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<OtelMiddlewareBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Operation::run_in(this.request, || this.inner.poll(task)));
        let Some((mut operation, fallback)) = this.request.take().map(PendingRequest::answer)
        else {
            return Poll::Ready(result.map(untouched));
        };
        Poll::Ready(match result {
            Ok(response) => Ok(respond(response, operation)),
            Err(mut error) => {
                if let Some(route) = fallback.and_then(|fallback| fallback.route()) {
                    operation.record_route(&route);
                }
                fail(&mut error, operation);
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for OtelMiddlewareFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelMiddlewareFuture")
            .field("records", &self.request.is_some())
            .finish_non_exhaustive()
    }
}

fn untouched<B: MessageBody>(
    response: ServiceResponse<B>,
) -> ServiceResponse<OtelMiddlewareBody<B>> {
    response.map_body(|_, body| OtelMiddlewareBody::untouched(body))
}

/// Records the head of the response, and passes the operation on to the body.
fn respond<B: MessageBody>(
    response: ServiceResponse<B>,
    mut operation: Operation,
) -> ServiceResponse<OtelMiddlewareBody<B>> {
    let (request, mut response) = response.into_parts();
    if operation.is_recording() {
        if let Some(route) = route::matched(&request) {
            operation.record_route(&route);
        }
        describe(&response, &mut operation);
    }
    if let Some(timing) = operation.server_timing() {
        append_timing(response.headers_mut(), timing);
    }
    let response = OtelMiddlewareBody::wrap(response, request.version(), operation);
    ServiceResponse::new(request, response)
}

fn describe<B>(response: &HttpResponse<B>, operation: &mut Operation) {
    let headers = HeaderExtractor(Headers(response.headers()));
    operation.record_response(&Response::new(response.status().as_u16(), &headers));
    let error = response.error();
    if let Some(ErrorType(error_type)) = response.extensions().get() {
        let message = error.map(|error| written(error)).unwrap_or_default();
        operation.fail(*error_type, message);
    } else if let Some(error) = error {
        operation.record_error_message(error);
    }
}
