//! The options that only servers have.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::attributes::Attributes;
use super::common::{Common, Predicate, shared_options};
use super::known_methods::KnownMethods;
use super::setting::Setting;
use crate::facts::{Request, Response};
use crate::providers::Providers;

/// The forwarded headers (`Forwarded`, `X-Forwarded-*`) that a server trusts.
///
/// Any client can send these headers, so by default none are trusted. The setting applies to
/// `client.address`, `server.address` and `url.scheme` together. A proxy must remove the headers
/// that it does not write itself; otherwise a client can write them in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// None: only the connection and the request itself are used.
    #[default]
    None,
    /// The entries that were appended by this number of proxies in front of the server. `Hops(0)`
    /// is the same as [`None`](Self::None).
    Hops(u8),
    /// All entries. Use this only if untrusted clients cannot reach the server.
    All,
}

/// The scheme of a server's requests, see [`ServerConfig::scheme`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// `http`
    #[default]
    Http,
    /// `https`
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// How servers are instrumented; the same value works for every framework.
///
/// ```
/// use otel_instrumentation::{ServerConfig, Trust};
///
/// let config = ServerConfig::new()
///     .filter(|request| request.path != "/healthz")
///     .capture_request_headers(["x-request-id"])
///     .trust_forwarded(Trust::Hops(1));
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    pub(crate) common: Common,
    pub(crate) options: ServerOptions,
}

impl ServerConfig {
    /// A configuration that records what the conventions require and recommend, and nothing that is
    /// opt-in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which forwarded headers are trusted. Default: [`Trust::None`].
    #[must_use]
    pub fn trust_forwarded(mut self, trust: Trust) -> Self {
        self.options.trust_forwarded = trust;
        self
    }

    /// Selects the requests for which nothing is recorded: if it returns true, telemetry is
    /// suppressed while the request is served. Default: none.
    ///
    /// A [`filter`](Self::filter) excludes only the request itself. The spans of its handler are
    /// then children of the caller's span, or begin their own traces. For a health check that
    /// queries a database, for example, you rarely want that. Requests that a suppressed handler
    /// sends carry no context. Metrics that the application records itself are not affected.
    ///
    /// ```
    /// use otel_instrumentation::ServerConfig;
    ///
    /// let config = ServerConfig::new().suppress(|request| request.path == "/healthz");
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn suppress(
        mut self,
        suppresses: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.suppress = Some(Arc::new(suppresses));
        self
    }

    /// Selects the requests that come from outside. If it returns true, the request starts a new
    /// trace that links to the remote context instead of continuing it. Default: every trace is
    /// continued.
    #[must_use]
    pub fn public_endpoint(
        mut self,
        is_public: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.public_endpoint = Some(Arc::new(is_public));
        self
    }

    /// Sets how many bytes of baggage are accepted from a request: names, values and properties
    /// together.
    ///
    /// Entries that do not fit are left out as a whole. Zero accepts none. Use zero for a service
    /// that is open to strangers, because baggage is passed on to all services behind it. Default:
    /// the limits of the format itself, 64 entries and 8192 bytes.
    #[must_use]
    pub fn baggage_limit(mut self, bytes: usize) -> Self {
        self.common.baggage_limit = Some(bytes);
        self
    }

    /// Sets whether responses say which span served the request, by an additional header
    /// `Server-Timing: trace;desc=00-…`. Default: false.
    ///
    /// The header follows a draft, Trace Context Level 3. Browsers show it, and a script can
    /// include it in a report of an error. It applies to HTTP only; the responses of RPCs do not
    /// have it.
    #[must_use]
    pub fn server_timing(mut self, server_timing: bool) -> Self {
        self.common.server_timing = server_timing;
        self
    }

    /// Sets the `url.scheme` of requests that do not name one. Set `https` if your server
    /// terminates TLS in its own acceptor. Default: [`Scheme::Http`].
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.options.scheme = scheme;
        self
    }
}

shared_options!(ServerConfig);

/// The options that only servers have.
#[derive(Clone)]
pub(crate) struct ServerOptions {
    pub(crate) trust_forwarded: Trust,
    pub(crate) public_endpoint: Option<Predicate>,
    pub(crate) suppress: Option<Predicate>,
    pub(crate) scheme: Scheme,
}

impl ServerOptions {
    pub(crate) fn suppresses(&self, request: &Request<'_>) -> bool {
        let suppress = self.suppress.as_ref();
        suppress.is_some_and(|suppresses| suppresses(request))
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            trust_forwarded: Trust::None,
            public_endpoint: None,
            suppress: None,
            scheme: Scheme::Http,
        }
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerOptions")
            .field("trust_forwarded", &self.trust_forwarded)
            .field("public_endpoint", &self.public_endpoint.is_some())
            .field("suppress", &self.suppress.is_some())
            .field("scheme", &self.scheme)
            .finish()
    }
}
