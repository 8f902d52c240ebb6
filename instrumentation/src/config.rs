//! The options of servers and clients.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};

use crate::baggage::Injection;
use crate::http::{KnownMethods, default_sensitive_query_keys};
use crate::{Request, Telemetry};

type Predicate = Arc<dyn Fn(&Request<'_>) -> bool + Send + Sync>;
type BaggageFilter = Arc<dyn Fn(&Request<'_>, &str) -> bool + Send + Sync>;
type SpanName = Arc<dyn Fn(&Request<'_>) -> Option<Cow<'static, str>> + Send + Sync>;
type AttributesHook = Arc<dyn Fn(&Request<'_>, &mut Attributes) + Send + Sync>;

/// The options that servers and clients share, and those of servers that operations look at.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) filter: Option<Predicate>,
    pub(crate) span_name: Option<SpanName>,
    pub(crate) attributes: Option<AttributesHook>,
    pub(crate) request_headers: Vec<String>,
    pub(crate) response_headers: Vec<String>,
    pub(crate) known_methods: KnownMethods,
    pub(crate) sensitive_query_keys: Arc<[Cow<'static, str>]>,
    pub(crate) active_requests: bool,
    pub(crate) body_sizes: bool,
    pub(crate) baggage_limit: Option<usize>,
    pub(crate) server_timing: bool,
    pub(crate) telemetry: Telemetry,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            filter: None,
            span_name: None,
            attributes: None,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            known_methods: KnownMethods::from_env(),
            sensitive_query_keys: default_sensitive_query_keys(),
            active_requests: false,
            body_sizes: false,
            baggage_limit: None,
            server_timing: false,
            telemetry: Telemetry::global(),
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("filter", &self.filter.is_some())
            .field("span_name", &self.span_name.is_some())
            .field("attributes", &self.attributes.is_some())
            .field("request_headers", &self.request_headers)
            .field("response_headers", &self.response_headers)
            .field("known_methods", &self.known_methods)
            .field("sensitive_query_keys", &self.sensitive_query_keys)
            .field("active_requests", &self.active_requests)
            .field("body_sizes", &self.body_sizes)
            .field("baggage_limit", &self.baggage_limit)
            .field("server_timing", &self.server_timing)
            .field("telemetry", &self.telemetry)
            .finish()
    }
}

/// Attributes that the hook of [`ServerConfig::attributes`] or [`ClientConfig::attributes`] adds.
///
/// That a value becomes a label of a metric is always said explicitly, because every distinct
/// value makes a time series.
#[derive(Debug, Default)]
pub struct Attributes {
    pub(crate) span: Vec<KeyValue>,
    pub(crate) labels: Vec<KeyValue>,
}

impl Attributes {
    /// Adds an attribute to the span; it replaces one of the same name.
    pub fn span(&mut self, attribute: KeyValue) {
        replace_or_push(&mut self.span, attribute);
    }

    /// Adds a label to the metrics only.
    pub fn metric(&mut self, label: KeyValue) {
        replace_or_push(&mut self.labels, label);
    }

    /// Adds an attribute to the span and a label to its metrics.
    pub fn both(&mut self, attribute: KeyValue) {
        self.metric(attribute.clone());
        self.span(attribute);
    }
}

/// The SDK exports a key that is given twice twice.
fn replace_or_push(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    match attributes
        .iter_mut()
        .find(|known| known.key == attribute.key)
    {
        Some(known) => *known = attribute,
        None => attributes.push(attribute),
    }
}

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
    /// The entries that the given number of proxies in front of the server appended.
    Hops(u8),
    /// All entries: for servers that only trusted clients can reach.
    All,
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
    pub(crate) rules: Rules,
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
        self.rules.baggage_limit = Some(bytes);
        self
    }

    /// Whether responses say which span served the request, in a header `Server-Timing:
    /// trace;desc=00-…` beside those of the application. Default: false.
    ///
    /// The header is that of a draft, Trace Context Level 3. Browsers show it, and a script can
    /// report it along with what went wrong. HTTP only: an RPC is answered without it.
    #[must_use]
    pub fn server_timing(mut self, server_timing: bool) -> Self {
        self.rules.server_timing = server_timing;
        self
    }

    /// The `url.scheme` of requests that do not name one: `https` for servers that terminate TLS
    /// in an acceptor of their own. Default: `http`.
    #[must_use]
    pub fn scheme(mut self, scheme: &'static str) -> Self {
        self.options.scheme = scheme;
        self
    }
}

/// The options that only servers have.
#[derive(Clone)]
pub(crate) struct ServerOptions {
    pub(crate) trust_forwarded: Trust,
    pub(crate) public_endpoint: Option<Predicate>,
    pub(crate) scheme: &'static str,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            trust_forwarded: Trust::None,
            public_endpoint: None,
            scheme: "http",
        }
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerOptions")
            .field("trust_forwarded", &self.trust_forwarded)
            .field("public_endpoint", &self.public_endpoint.is_some())
            .field("scheme", &self.scheme)
            .finish()
    }
}

/// How clients are instrumented; the same value works for every client.
///
/// ```
/// use otel_instrumentation::ClientConfig;
///
/// let config = ClientConfig::new()
///     .propagate_to(|request| request.authority.is_some_and(|host| host.ends_with(".internal")));
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientConfig {
    pub(crate) rules: Rules,
    pub(crate) options: ClientOptions,
}

impl ClientConfig {
    /// The conventions' required and recommended telemetry, nothing that is opt-in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which requests carry the context; false = nothing is injected. Default: every request.
    ///
    /// Redirects that the client follows itself keep the headers, also to another host.
    #[must_use]
    pub fn propagate_to(
        mut self,
        propagates: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.propagate_to = Some(Arc::new(propagates));
        self
    }

    /// Which baggage a request carries, by name; false = that entry stays here. Default: all.
    ///
    /// Asked only for requests that [`propagate_to`](Self::propagate_to) lets carry anything. The
    /// span's own context keeps all of its baggage.
    ///
    /// ```
    /// use otel_instrumentation::ClientConfig;
    ///
    /// let config = ClientConfig::new().propagate_baggage(|request, name| {
    ///     let is_ours = request.authority.is_some_and(|host| host.ends_with(".internal"));
    ///     is_ours || ["tenant", "locale"].contains(&name)
    /// });
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn propagate_baggage(
        mut self,
        propagates: impl Fn(&Request<'_>, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.propagate_baggage = Some(Arc::new(propagates));
        self
    }

    /// Whether the operation lasts until the response's body was read to its end.
    ///
    /// Default: false, it ends with the response's head, as the conventions ask. With true, errors
    /// of the body are recorded too.
    #[must_use]
    pub fn body_end(mut self, body_end: bool) -> Self {
        self.options.body_end = body_end;
        self
    }
}

/// The options that only clients have.
#[derive(Clone, Default)]
pub(crate) struct ClientOptions {
    pub(crate) propagate_to: Option<Predicate>,
    pub(crate) propagate_baggage: Option<BaggageFilter>,
    pub(crate) body_end: bool,
}

impl ClientOptions {
    /// What a request carries of the current context.
    pub(crate) fn injection(&self, request: &Request<'_>, context: &Context) -> Injection {
        let propagates = self.propagate_to.as_ref();
        if propagates.is_some_and(|propagates| !propagates(request)) {
            return Injection::Nothing;
        }
        match &self.propagate_baggage {
            Some(accepts) => Injection::choose(context.baggage(), |name| accepts(request, name)),
            None => Injection::Everything,
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientOptions")
            .field("propagate_to", &self.propagate_to.is_some())
            .field("propagate_baggage", &self.propagate_baggage.is_some())
            .field("body_end", &self.body_end)
            .finish()
    }
}

/// The setters that both configurations have, over their common `rules`.
macro_rules! shared_options {
    ($config:ident) => {
        impl $config {
            /// Which requests are recorded; false = no span and no metrics, while the context is
            /// still extracted and passed on. Default: all.
            #[must_use]
            pub fn filter(
                mut self,
                filter: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
            ) -> Self {
                self.rules.filter = Some(Arc::new(filter));
                self
            }

            /// The span's name; `None` leaves the convention's. It has to be of low cardinality.
            #[must_use]
            pub fn span_name(
                mut self,
                name: impl Fn(&Request<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
            ) -> Self {
                self.rules.span_name = Some(Arc::new(name));
                self
            }

            /// Further attributes, known when the request begins. Default: none.
            #[must_use]
            pub fn attributes(
                mut self,
                hook: impl Fn(&Request<'_>, &mut Attributes) + Send + Sync + 'static,
            ) -> Self {
                self.rules.attributes = Some(Arc::new(hook));
                self
            }

            /// Request headers to record on the span, as `string[]`. Default: none.
            ///
            /// Names are matched without regard to case; `*` and `?` are wildcards, which never
            /// select headers that hold credentials.
            #[must_use]
            pub fn capture_request_headers(
                mut self,
                names: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                self.rules.request_headers = names.into_iter().map(Into::into).collect();
                self
            }

            /// Response headers to record on the span, selected as the request's are.
            #[must_use]
            pub fn capture_response_headers(
                mut self,
                names: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                self.rules.response_headers = names.into_iter().map(Into::into).collect();
                self
            }

            /// The methods that are recorded as they are; others become `_OTHER`. Replaces the
            /// default: RFC 9110, PATCH and QUERY, or the list in the environment variable
            /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`.
            #[must_use]
            pub fn known_methods(
                mut self,
                methods: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                self.rules.known_methods = KnownMethods::only(methods);
                self
            }

            /// The query keys whose values are redacted. Replaces the conventions' seven.
            #[must_use]
            pub fn sensitive_query_keys(
                mut self,
                keys: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                let keys = keys.into_iter().map(|key| Cow::Owned(key.into()));
                self.rules.sensitive_query_keys = keys.collect();
                self
            }

            /// Whether the number of requests under way is measured. Default: false.
            #[must_use]
            pub fn active_requests(mut self, active_requests: bool) -> Self {
                self.rules.active_requests = active_requests;
                self
            }

            /// Whether the sizes of bodies are measured, in bytes. Default: false.
            #[must_use]
            pub fn body_sizes(mut self, body_sizes: bool) -> Self {
                self.rules.body_sizes = body_sizes;
                self
            }

            /// Where the telemetry goes. Default: [`Telemetry::global`].
            #[must_use]
            pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
                self.rules.telemetry = telemetry;
                self
            }
        }
    };
}

shared_options!(ServerConfig);
shared_options!(ClientConfig);
