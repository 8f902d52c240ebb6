//! A request that was answered with an error, of which somebody further out makes a response.

use std::cell::Cell;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{Error, HttpResponse};
use otel_instrumentation::{ErrorType, Operation, Response};
use otel_propagation::HeaderExtractor;

use crate::error_message::written;
use crate::headers::Headers;
use crate::server_timing::append_timing;

/// The operation of such a request, until a response is made of the error; without one it ends
/// with this.
struct Failed {
    operation: Option<Operation>,
    status: StatusCode,
    message: String,
}

/// Leaves the operation with the error.
///
/// The error cannot be asked for its response here, because some have only one to give away. What
/// it calls its status is not always the one of its response.
pub(crate) fn fail(error: &mut Error, operation: Operation) {
    if let Some(timing) = operation.server_timing() {
        error.add_response_mapper(move |mut response| {
            append_timing(response.headers_mut(), timing.clone());
            response
        });
    }
    if !operation.is_recording() {
        return;
    }
    let failed = Cell::new(Some(Failed {
        operation: Some(operation),
        status: error.as_response_error().status_code(),
        message: written(error),
    }));
    error.add_response_mapper(move |response| {
        if let Some(failed) = failed.take() {
            failed.answer(&response);
        }
        response
    });
}

impl Failed {
    fn answer(mut self, response: &HttpResponse) {
        let Some(mut operation) = self.operation.take() else {
            return;
        };
        respond(&mut operation, response.status(), response.headers());
        if let Some(ErrorType(error_type)) = response.extensions().get() {
            operation.fail(*error_type, std::mem::take(&mut self.message));
        } else {
            operation.record_error_message(&self.message);
        }
        operation.finish();
    }
}

/// Nobody asked the error for its response in a way that shows here: all that is known is what it
/// calls its status.
impl Drop for Failed {
    fn drop(&mut self) {
        let operation = self.operation.take();
        // A panic while the response was made is what the operation finds out by its own drop,
        // unless somebody caught it before.
        let Some(mut operation) = operation.filter(|_| !std::thread::panicking()) else {
            return;
        };
        respond(&mut operation, self.status, &HeaderMap::new());
        operation.record_error_message(&self.message);
        operation.finish();
    }
}

fn respond(operation: &mut Operation, status: StatusCode, headers: &HeaderMap) {
    let headers = HeaderExtractor(Headers(headers));
    operation.record_response(&Response::new(status.as_u16(), &headers));
}
