//! From reqwest's response to the end of the operation.

use otel_instrumentation::tower::{ResponseBody, describe_body_error, version};
use otel_instrumentation::{self as instrumentation, Operation};
use otel_propagation::HeaderExtractor;
use reqwest::{Body, Response, ResponseBuilderExt};

use crate::error::describe;

/// Records the head, and finishes there or continues with the body.
pub(crate) fn complete(
    response: Response,
    mut operation: Operation,
    ends_with_body: bool,
) -> Response {
    let headers = HeaderExtractor(response.headers());
    let head = instrumentation::Response::new(response.status().as_u16(), &headers);
    operation.record_response(&head.version(version(response.version())));
    if let Some(peer) = response.remote_addr() {
        operation.record_peer(peer);
    }
    if !ends_with_body {
        if let Some(size) = response.content_length() {
            operation.record_response_body_size(size);
        }
        operation.finish();
        return response;
    }
    with_body(response, operation)
}

/// The conversion to `http` and back drops the URL, unless it is put into the extension that
/// reqwest reads.
fn with_body(response: Response, operation: Operation) -> Response {
    let url = response.url().clone();
    let response = http::Response::<Body>::from(response);
    let mut response = ResponseBody::wrap_with(response, operation, |error| {
        // A response of reqwest has no other errors.
        error.downcast_ref().map_or_else(
            || describe_body_error(error),
            |error| {
                let described = describe(error);
                (described.error_type.into(), described.message)
            },
        )
    });
    if let Ok(holder) = http::Response::builder().url(url).body(()) {
        response
            .extensions_mut()
            .extend(holder.into_parts().0.extensions);
    }
    Response::from(response.map(Body::wrap))
}
