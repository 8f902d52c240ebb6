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

/// Which forwarded headers (`Forwarded`, `X-Forwarded-*`) a server believes.
///
/// Anybody can send them, so the default believes none. It drives `client.address`,
/// `server.address` and `url.scheme` together. A proxy has to remove those headers that it does
/// not write itself, or a client can write them in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Only the connection and the request itself.
    #[default]
    None,
    /// The entries that the given number of proxies in front of the server appended; `Hops(0)` is
    /// as good as [`None`](Self::None).
    Hops(u8),
    /// All entries: for servers that only trusted clients can reach.
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
    /// The conventions' required and recommended telemetry, nothing that is opt-in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which forwarded headers are believed; default: none.
    #[must_use]
    pub fn trust_forwarded(mut self, trust: Trust) -> Self {
        self.options.trust_forwarded = trust;
        self
    }

    /// Requests that nothing is recorded of, neither themselves nor what happens inside of them; true
    /// suppresses telemetry while the request is served. Default: none.
    ///
    /// A [`filter`](Self::filter) leaves out the request alone: the spans of its handler are then
    /// children of the caller's, or traces of their own. For a probe that asks a database, say, that
    /// is rarely what is wanted. Requests that a suppressed handler sends carry no context. Metrics
    /// that the application records itself are not affected.
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

    /// Requests that come from outside: true starts a new trace that links to the remote context
    /// instead of continuing it. Default: every trace is continued.
    #[must_use]
    pub fn public_endpoint(
        mut self,
        is_public: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.public_endpoint = Some(Arc::new(is_public));
        self
    }

    /// How many bytes of baggage a request may bring in: names, values and properties together.
    ///
    /// Entries that do not fit are left out whole; zero accepts none, which suits a service that
    /// strangers talk to, as baggage goes on to every service behind. Default: what the format
    /// itself allows, 64 entries and 8192 bytes.
    #[must_use]
    pub fn baggage_limit(mut self, bytes: usize) -> Self {
        self.common.baggage_limit = Some(bytes);
        self
    }

    /// Whether responses say which span served the request, in a header `Server-Timing:
    /// trace;desc=00-…` beside those of the application. Default: false.
    ///
    /// The header is that of a draft, Trace Context Level 3. Browsers show it, and a script can
    /// report it along with what went wrong. HTTP only: an RPC is answered without it.
    #[must_use]
    pub fn server_timing(mut self, server_timing: bool) -> Self {
        self.common.server_timing = server_timing;
        self
    }

    /// The `url.scheme` of requests that do not name one: `https` for servers that terminate TLS
    /// in an acceptor of their own. Default: [`Scheme::Http`].
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
