//! A request that was answered with an error, from which an outer service makes a response.

use std::cell::Cell;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{Error, HttpResponse};
use otel_instrumentation::{ErrorType, Operation, Response};
use otel_propagation::HeaderExtractor;

use crate::error_message::written;
use crate::headers::Headers;
use crate::server_timing::append_timing;

/// The operation of such a request, until a response is made from the error. If none is made, it
/// ends when this is dropped.
struct Failed {
    operation: Option<Operation>,
    status: StatusCode,
    message: String,
}

/// Moves the operation into the error.
///
/// The error's response cannot be made here, because some errors can make it only once. The status
/// that the error reports is not always that of its response.
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

/// No response was made from the error, as far as is visible here. Only the status that it reports
/// is known.
impl Drop for Failed {
    fn drop(&mut self) {
        let operation = self.operation.take();
        // If making the response panicked, the operation's own drop records that, unless the panic
        // was caught before.
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
