//! The facts that a framework supplies about one request and its response.

use std::fmt;
use std::net::SocketAddr;

use opentelemetry::propagation::Extractor;

/// What a framework knows about a request when it begins.
///
/// A framework sets what it knows and leaves out the rest. The conventions decide what is recorded.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::Request;
///
/// let headers: HashMap<String, String> = HashMap::new();
/// let request = Request::new("GET", "/users/42", &headers)
///     .template("/users/{id}")
///     .version("1.1");
/// assert_eq!(request.template, Some("/users/{id}"));
/// assert_eq!(request.query, None);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The method as it was sent, such as `GET`.
    pub method: &'a str,
    /// The scheme of the request target or of the connection; `None` for origin-form requests.
    pub scheme: Option<&'a str>,
    /// `host[:port]` of the request target, or `:authority`, but not the `Host` header. On a client
    /// it includes the user information of the URL.
    pub authority: Option<&'a str>,
    /// The path, without the query.
    pub path: &'a str,
    /// The query, without `?`. On a client the fragment follows it, if the URL has one: `a=1#top`,
    /// or `#top` without a query.
    pub query: Option<&'a str>,
    /// The matched route on a server, or the URL template on a client. For an RPC, the recognised
    /// method.
    pub template: Option<&'a str>,
    /// The protocol version: `1.0`, `1.1`, `2` or `3`.
    pub version: Option<&'static str>,
    /// The address of the immediate peer of the connection.
    pub peer: Option<SocketAddr>,
    /// The request's headers.
    pub headers: &'a dyn Extractor,
}

impl<'a> Request<'a> {
    /// Creates a request with the facts that every request has. Everything else is absent by
    /// default.
    #[must_use]
    pub fn new(method: &'a str, path: &'a str, headers: &'a dyn Extractor) -> Self {
        Self {
            method,
            scheme: None,
            authority: None,
            path,
            query: None,
            template: None,
            version: None,
            peer: None,
            headers,
        }
    }

    /// Sets [`scheme`](struct@Self#structfield.scheme).
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<Option<&'a str>>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// Sets [`authority`](struct@Self#structfield.authority).
    #[must_use]
    pub fn authority(mut self, authority: impl Into<Option<&'a str>>) -> Self {
        self.authority = authority.into();
        self
    }

    /// Sets [`query`](struct@Self#structfield.query).
    #[must_use]
    pub fn query(mut self, query: impl Into<Option<&'a str>>) -> Self {
        self.query = query.into();
        self
    }

    /// Sets [`template`](struct@Self#structfield.template).
    #[must_use]
    pub fn template(mut self, template: impl Into<Option<&'a str>>) -> Self {
        self.template = template.into();
        self
    }

    /// Sets [`version`](struct@Self#structfield.version).
    #[must_use]
    pub fn version(mut self, version: impl Into<Option<&'static str>>) -> Self {
        self.version = version.into();
        self
    }

    /// Sets [`peer`](struct@Self#structfield.peer).
    #[must_use]
    pub fn peer(mut self, peer: impl Into<Option<SocketAddr>>) -> Self {
        self.peer = peer.into();
        self
    }
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

/// What a framework knows about a response once its head has arrived.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::Response;
///
/// let headers: HashMap<String, String> = HashMap::new();
/// let response = Response::new(200, &headers).version("2");
/// assert_eq!((response.status, response.version), (200, Some("2")));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Response<'a> {
    /// The HTTP status code.
    pub status: u16,
    /// The protocol version of the response. On a client it overrides that of the request.
    pub version: Option<&'static str>,
    /// The response's headers.
    pub headers: &'a dyn Extractor,
}

impl<'a> Response<'a> {
    /// Creates a response with the facts that every response has. The version is absent by default.
    #[must_use]
    pub fn new(status: u16, headers: &'a dyn Extractor) -> Self {
        Self {
            status,
            version: None,
            headers,
        }
    }

    /// Sets [`version`](struct@Self#structfield.version).
    #[must_use]
    pub fn version(mut self, version: impl Into<Option<&'static str>>) -> Self {
        self.version = version.into();
        self
    }
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
