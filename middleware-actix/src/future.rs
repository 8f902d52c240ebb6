//! From the call of the inner service to the response's head.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, HttpResponse};
use otel_instrumentation::{ErrorType, Operation, Response};
use otel_propagation::HeaderExtractor;
use pin_project::pin_project;

use crate::ResponseBody;
use crate::failed::fail;
use crate::headers::Headers;
use crate::message::written;
use crate::route;
use crate::unanswered::Unanswered;

/// Polls the inner service's future in the context of the server span.
#[pin_project]
pub struct ResponseFuture<F> {
    #[pin]
    inner: F,
    /// `None` where another middleware records the request.
    request: Option<Unanswered>,
}

impl<F> ResponseFuture<F> {
    /// Calls the inner service, inside the operation's context.
    pub(crate) fn new(mut request: Unanswered, call: impl FnOnce() -> F) -> Self {
        Self {
            inner: request.scope(call),
            request: Some(request),
        }
    }

    /// A future that is only passed through.
    pub(crate) fn untouched(inner: F) -> Self {
        Self {
            inner,
            request: None,
        }
    }
}

impl<F, B> Future for ResponseFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<ResponseBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(request) = this.request else {
            return this.inner.poll(task).map_ok(untouched);
        };
        let result = ready!(request.scope(|| this.inner.poll(task)));
        let Some(operation) = request.answer() else {
            return Poll::Ready(result.map(untouched));
        };
        Poll::Ready(match result {
            Ok(response) => Ok(respond(response, operation)),
            Err(mut error) => {
                fail(&mut error, operation);
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseFuture")
            .field("records", &self.request.is_some())
            .finish_non_exhaustive()
    }
}

fn untouched<B: MessageBody>(response: ServiceResponse<B>) -> ServiceResponse<ResponseBody<B>> {
    response.map_body(|_, body| ResponseBody::untouched(body))
}

/// The operation learns all that the head tells, and goes on with the body.
fn respond<B: MessageBody>(
    response: ServiceResponse<B>,
    mut operation: Operation,
) -> ServiceResponse<ResponseBody<B>> {
    let (request, mut response) = response.into_parts();
    if operation.is_recording() {
        if let Some(route) = route::matched(&request) {
            operation.route(&route);
        }
        describe(&response, &mut operation);
    }
    if let Some(timing) = operation.server_timing() {
        append_timing(response.headers_mut(), timing);
    }
    let response = ResponseBody::wrap(response, request.version(), operation);
    ServiceResponse::new(request, response)
}

fn describe<B>(response: &HttpResponse<B>, operation: &mut Operation) {
    operation.respond(&Response {
        status: response.status().as_u16(),
        version: None,
        headers: &HeaderExtractor(Headers(response.headers())),
    });
    let error = response.error();
    if let Some(ErrorType(error_type)) = response.extensions().get() {
        let message = error.map(|error| written(error)).unwrap_or_default();
        operation.fail(*error_type, message);
    } else if let Some(error) = error {
        operation.explain(error);
    }
}

/// Beside what the application sends.
pub(crate) fn append_timing(headers: &mut HeaderMap, timing: String) {
    if let Ok(timing) = HeaderValue::try_from(timing) {
        headers.append(SERVER_TIMING, timing);
    }
}

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
