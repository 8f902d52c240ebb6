//! The options of servers and clients.

mod client;
mod server;

pub use self::client::ClientConfig;
pub(crate) use self::client::ClientOptions;
pub(crate) use self::server::ServerOptions;
pub use self::server::{ServerConfig, Trust};

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use opentelemetry::KeyValue;

use crate::http::{KnownMethods, default_sensitive_query_keys};
use crate::{Request, Telemetry, semconv};

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
/// value makes a time series. What the conventions themselves find out by the end, such as the
/// status code, `http.route` or `error.type`, is theirs: of those names nothing is added.
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

/// The SDK exports a key that is given twice twice, so what comes at the end cannot be here too.
fn replace_or_push(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    if semconv::FOUND_BY_THE_END.contains(&attribute.key.as_str()) {
        return;
    }
    match attributes
        .iter_mut()
        .find(|known| known.key == attribute.key)
    {
        Some(known) => *known = attribute,
        None => attributes.push(attribute),
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

            /// The span's name; `None` leaves the convention's, which is the default. It has to be
            /// of low cardinality.
            #[must_use]
            pub fn span_name(
                mut self,
                name: impl Fn(&Request<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
            ) -> Self {
                self.rules.span_name = Some(Arc::new(name));
                self
            }

            /// Further attributes, known when the request begins. Default: none.
            ///
            /// When the hook is called, the current context is the one that the span will be put
            /// into, with its baggage.
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
            /// select `Authorization`, `Cookie` and other headers that are known to hold
            /// credentials.
            #[must_use]
            pub fn capture_request_headers(
                mut self,
                names: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                self.rules.request_headers = names.into_iter().map(Into::into).collect();
                self
            }

            /// Response headers to record on the span, selected as the request's are. Default:
            /// none.
            ///
            /// The trailers of an RPC are selected by the same names.
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

            /// Whether the sizes of bodies are recorded, in bytes, on the span and as metrics.
            /// Default: false.
            ///
            /// A request's is the one that it announces, a response's what passes the middleware,
            /// or, on a client that ends with the head, what that announces.
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
