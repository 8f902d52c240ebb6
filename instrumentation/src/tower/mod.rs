//! Futures and bodies for frameworks that are built on `http` 1 and `http-body` 1.
//!
//! An [`Operation`](crate::Operation) has to be carried from the call of the inner service to the
//! last frame of the response's body, with its context attached around every poll.
//! [`ResponseFuture`] does so up to the head, [`ResponseBody`] from there.
//!
//! The difficult part is to decide when a body is finished, because hyper often does not poll it to
//! its `None`. It stops polling if the body is empty, after the frame that makes
//! [`is_end_stream`](http_body::Body::is_end_stream) true, after trailers, and once as many bytes
//! as the Content-Length says are written. It never polls a body that is not part of the message
//! (HEAD, 204, 304, 1xx). A body that is dropped at one of these points is finished. Only a body
//! that is dropped earlier was cut off.

mod body;
mod client;
mod future;
mod headers;

pub use self::body::{BodyError, ResponseBody, describe_body_error};
pub use self::client::{ClientFuture, ClientLayer, ClientService, UrlTemplate};
pub use self::future::ResponseFuture;
pub use self::headers::RequestHeaders;

use opentelemetry::propagation::Extractor;

use crate::facts::Request;

/// The facts of any `http` request; the framework adds template and peer.
///
/// ```
/// use otel_instrumentation::tower;
/// use otel_propagation::HeaderExtractor;
///
/// let request = http::Request::get("http://example.com/users/42?full=1").body(()).unwrap();
/// let headers = HeaderExtractor(request.headers());
/// let facts = tower::facts(&request, &headers).template("/users/{id}");
/// assert_eq!((facts.path, facts.query), ("/users/42", Some("full=1")));
/// ```
pub fn facts<'a, B>(request: &'a http::Request<B>, headers: &'a dyn Extractor) -> Request<'a> {
    let uri = request.uri();
    Request::new(request.method().as_str(), uri.path(), headers)
        .scheme(uri.scheme_str())
        .authority(uri.authority().map(http::uri::Authority::as_str))
        .query(uri.query())
        .version(version(request.version()))
}

/// The value of `network.protocol.version` for a version; `None` if it is not known.
#[must_use]
pub fn version(version: http::Version) -> Option<&'static str> {
    match version {
        http::Version::HTTP_09 => Some("0.9"),
        http::Version::HTTP_10 => Some("1.0"),
        http::Version::HTTP_11 => Some("1.1"),
        http::Version::HTTP_2 => Some("2"),
        http::Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

/// The size that a message announces for its body, in bytes; `None` without a valid
/// `Content-Length`.
#[must_use]
pub fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
