//! Who may see the page: a site whose name is made to point to this machine (DNS rebinding) would
//! otherwise read it with the user's browser.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

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

/// An address cannot be made to point elsewhere, and `localhost` is resolved by the browser.
fn is_this_machine(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = without_port
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_address = bare.unwrap_or(without_port).parse::<IpAddr>().is_ok();
    is_address
        || without_port.eq_ignore_ascii_case("localhost")
        || without_port.to_ascii_lowercase().ends_with(".localhost")
}

const MISDIRECTED: &str = "This page is shown at an address or as localhost only.\n";
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for host in [
            "127.0.0.1:4319",
            "127.0.0.1",
            "[::1]:4319",
            "[::1]",
            "localhost:4319",
            "LOCALHOST",
            "traces.localhost:4319",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "evil.example:4319",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1:4319:80",
            "[evil.example]",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
