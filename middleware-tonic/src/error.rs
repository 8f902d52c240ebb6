//! The outcome of a call that failed in the transport, by a deadline or in another layer.

use std::error::Error;

use http::HeaderMap;
use tonic::{Status, TimeoutExpired};

use crate::call::Call;
use crate::sources::sources;

/// Records the status that tonic makes from an error, and returns the status in place of the error.
pub(crate) fn fail(
    call: &mut Call,
    error: Box<dyn Error + Send + Sync>,
) -> Box<dyn Error + Send + Sync> {
    // The client's own timer.
    let is_deadline = sources(error.as_ref()).any(<dyn Error>::is::<TimeoutExpired>);
    match Status::try_from_error(error) {
        Ok(status) => {
            if is_deadline {
                call.exceed_deadline();
            }
            call.record_error(&status);
            Box::new(status)
        }
        Err(error) => {
            // A generated client makes it UNKNOWN. Its text may contain a URL.
            call.record_error(&Status::unknown(""));
            error
        }
    }
}

/// True if the server's timer, which runs as long as the client's, expired first.
pub(crate) fn is_deadline(headers: &HeaderMap) -> bool {
    let is = |name, expected: &[u8]| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes() == expected)
    };
    is(Status::GRPC_STATUS, b"1") && is(Status::GRPC_MESSAGE, b"Timeout%20expired")
}
