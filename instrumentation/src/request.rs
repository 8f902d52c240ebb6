//! The facts that a framework supplies about one request and its response.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

use opentelemetry::propagation::Extractor;

use crate::semconv;

/// What a framework knows about a request when it begins.
///
/// A plain struct of borrowed fields: a framework fills in what it has and leaves the rest `None`;
/// the conventions decide what becomes of it.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::Request;
///
/// let headers: HashMap<String, String> = HashMap::new();
/// let request = Request {
///     method: "GET",
///     scheme: None,
///     authority: None,
///     path: "/users/42",
///     query: None,
///     template: Some("/users/{id}"),
///     version: Some("1.1"),
///     peer: None,
///     headers: &headers,
/// };
/// assert_eq!(request.template, Some("/users/{id}"));
/// ```
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method as it was sent, such as `GET`.
    pub method: &'a str,
    /// The scheme of the request target or of the connection; `None` for origin-form requests.
    pub scheme: Option<&'a str>,
    /// `host[:port]` of the request target or `:authority`, not the `Host` header. On a client it
    /// has the user information, if the URL does.
    pub authority: Option<&'a str>,
    /// The path, without the query.
    pub path: &'a str,
    /// The query, without `?`. On a client the fragment follows it, if the URL has one: `a=1#top`,
    /// or `#top` without a query.
    pub query: Option<&'a str>,
    /// The matched route on a server, the URL template on a client.
    pub template: Option<&'a str>,
    /// The protocol version: `1.0`, `1.1`, `2` or `3`.
    pub version: Option<&'static str>,
    /// The address of the immediate peer of the connection.
    pub peer: Option<SocketAddr>,
    /// The request's headers.
    pub headers: &'a dyn Extractor,
}

impl fmt::Debug for Request<'_> {
    /// Leaves out the query and the headers, which may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("template", &self.template)
            .field("version", &self.version)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What a framework knows about a response when its head is there.
#[derive(Clone, Copy)]
pub struct Response<'a> {
    /// The HTTP status code.
    pub status: u16,
    /// The protocol version of the response; wins over the request's on a client.
    pub version: Option<&'static str>,
    /// The response's headers.
    pub headers: &'a dyn Extractor,
}

impl fmt::Debug for Response<'_> {
    /// Leaves out the headers, which may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The `error.type` of a response, named by the handler that knows better than its status code.
///
/// Put it into the response's extensions: the server span becomes an error, whatever the status,
/// and span and duration metric carry this value. It is a label of a metric, hence `'static`.
///
/// ```
/// # #[cfg(feature = "http1")] {
/// use otel_instrumentation::ErrorType;
///
/// let mut response = http::Response::new("declined");
/// *response.status_mut() = http::StatusCode::PAYMENT_REQUIRED;
/// response.extensions_mut().insert(ErrorType("card_declined"));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorType(pub &'static str);

impl ErrorType {
    /// Of an error that nothing else is known of: the name of its type, or `_OTHER` where it is
    /// boxed and the name says nothing.
    ///
    /// ```
    /// use std::error::Error;
    /// use otel_instrumentation::ErrorType;
    ///
    /// assert_eq!(ErrorType::of::<std::fmt::Error>(), ErrorType("core::fmt::Error"));
    /// assert_eq!(ErrorType::of::<Box<dyn Error + Send + Sync>>(), ErrorType("_OTHER"));
    /// ```
    #[must_use]
    pub fn of<E>() -> Self {
        let name = type_name::<E>();
        let boxed = [
            type_name::<Box<dyn Error>>(),
            type_name::<Box<dyn Error + Send>>(),
            type_name::<Box<dyn Error + Send + Sync>>(),
        ];
        if boxed.contains(&name) {
            Self(semconv::OTHER)
        } else {
            Self(name)
        }
    }
}
