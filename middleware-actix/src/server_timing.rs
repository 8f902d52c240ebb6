//! The header that tells a caller which span served its request.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// Adds a line beside the application's own.
pub(crate) fn append_timing(headers: &mut HeaderMap, timing: String) {
    if let Ok(timing) = HeaderValue::try_from(timing) {
        headers.append(SERVER_TIMING, timing);
    }
}

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
