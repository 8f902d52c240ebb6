//! Checks the host of a request. Otherwise a site could make its name point to this machine (DNS
//! rebinding), and read the page with the user's browser.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::host::is_this_machine;

pub(super) async fn guard(request: Request, next: Next) -> Response {
    let named = request.headers().get(HOST).map(HeaderValue::to_str);
    let host = match named {
        Some(Ok(host)) => Some(host),
        _ => request.uri().authority().map(Authority::as_str),
    };
    let mut response = match host.is_some_and(is_this_machine) {
        true => next.run(request).await,
        false => (StatusCode::MISDIRECTED_REQUEST, MISDIRECTED).into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

const MISDIRECTED: &str = "This page is shown at an address or as localhost only.\n";
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
