//! What becomes of a call that the transport, a deadline or another layer failed.

use std::error::Error;

use http::HeaderMap;
use tonic::{Status, TimeoutExpired};

use crate::call::Call;
use crate::sources::sources;

/// Records the status that tonic makes of an error, and hands that on in the error's place.
pub(crate) fn fail(
    call: &mut Call,
    error: Box<dyn Error + Send + Sync>,
) -> Box<dyn Error + Send + Sync> {
    // The client's own clock.
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
            // What a generated client makes of it: UNKNOWN. Its text may hold a URL.
            call.record_error(&Status::unknown(""));
            error
        }
    }
}

/// Whether the server's clock was faster: it runs as long as the client's.
pub(crate) fn is_deadline(headers: &HeaderMap) -> bool {
    let is = |name, expected: &[u8]| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes() == expected)
    };
    is(Status::GRPC_STATUS, b"1") && is(Status::GRPC_MESSAGE, b"Timeout%20expired")
}
