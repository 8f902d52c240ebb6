//! The options that servers and clients have in common.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::attributes::Attributes;
use super::known_methods::KnownMethods;
use super::setting::Setting;
use crate::facts::{Request, Response};
use crate::providers::Providers;

pub(super) type Predicate = Arc<dyn Fn(&Request<'_>) -> bool + Send + Sync>;
pub(super) type BaggageFilter = Arc<dyn Fn(&Request<'_>, &str) -> bool + Send + Sync>;
type SpanName = Arc<dyn Fn(&Request<'_>) -> Option<Cow<'static, str>> + Send + Sync>;
type AttributesHook = Arc<dyn Fn(&Request<'_>, &mut Attributes) + Send + Sync>;
type ResponseHook = Arc<dyn Fn(&Request<'_>, &Response<'_>, &mut Attributes) + Send + Sync>;

/// The options that servers and clients share, and those of servers that operations look at.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) filter: Option<Predicate>,
    pub(crate) span_name: Option<SpanName>,
    pub(crate) attributes: Option<AttributesHook>,
    pub(crate) response_attributes: Option<ResponseHook>,
    pub(crate) request_headers: Setting<Vec<String>>,
    pub(crate) response_headers: Setting<Vec<String>>,
    pub(crate) known_methods: Setting<KnownMethods>,
    pub(crate) sensitive_query_keys: Setting<Arc<[Cow<'static, str>]>>,
    pub(crate) active_requests: bool,
    pub(crate) body_sizes: bool,
    pub(crate) baggage_limit: Option<usize>,
    pub(crate) server_timing: bool,
    pub(crate) unix_socket: Option<Cow<'static, str>>,
    pub(crate) providers: Providers,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            filter: None,
            span_name: None,
            attributes: None,
            response_attributes: None,
            request_headers: Setting::unsaid(Vec::new()),
            response_headers: Setting::unsaid(Vec::new()),
            known_methods: Setting::unsaid(KnownMethods::from_env()),
            sensitive_query_keys: Setting::unsaid(SENSITIVE_QUERY_KEYS.map(Cow::Borrowed).into()),
            active_requests: false,
            body_sizes: false,
            baggage_limit: None,
            server_timing: false,
            unix_socket: None,
            providers: Providers::global(),
        }
    }
}

impl fmt::Debug for Common {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Common")
            .field("filter", &self.filter.is_some())
            .field("span_name", &self.span_name.is_some())
            .field("attributes", &self.attributes.is_some())
            .field("response_attributes", &self.response_attributes.is_some())
            .field("request_headers", &self.request_headers)
            .field("response_headers", &self.response_headers)
            .field("known_methods", &self.known_methods)
            .field("sensitive_query_keys", &self.sensitive_query_keys)
            .field("active_requests", &self.active_requests)
            .field("body_sizes", &self.body_sizes)
            .field("baggage_limit", &self.baggage_limit)
            .field("server_timing", &self.server_timing)
            .field("unix_socket", &self.unix_socket)
            .field("providers", &self.providers)
            .finish()
    }
}

/// The setters that both configurations have, over what they have in `common`.
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
                self.common.filter = Some(Arc::new(filter));
                self
            }

            /// The span's name; `None` leaves the convention's, which is the default. It has to be
            /// of low cardinality.
            #[must_use]
            pub fn span_name(
                mut self,
                name: impl Fn(&Request<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
            ) -> Self {
                self.common.span_name = Some(Arc::new(name));
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
                self.common.attributes = Some(Arc::new(hook));
                self
            }

            /// Further attributes and labels, known when the head of the response is there. Default:
            /// none.
            ///
            /// The hook may also say that the outcome [is expected](Attributes::expected). Of the
            /// request it sees everything but the headers, which are gone by then.
            #[must_use]
            pub fn response_attributes(
                mut self,
                hook: impl Fn(&Request<'_>, &Response<'_>, &mut Attributes) + Send + Sync + 'static,
            ) -> Self {
                self.common.response_attributes = Some(Arc::new(hook));
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
                let names = names.into_iter().map(Into::into);
                self.common.request_headers = Setting::said(names.collect());
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
                let names = names.into_iter().map(Into::into);
                self.common.response_headers = Setting::said(names.collect());
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
                self.common.known_methods = Setting::said(KnownMethods::only(methods));
                self
            }

            /// The query keys whose values are redacted. Replaces the conventions' seven.
            #[must_use]
            pub fn sensitive_query_keys(
                mut self,
                keys: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                let keys = keys.into_iter().map(|key| Cow::Owned(key.into()));
                self.common.sensitive_query_keys = Setting::said(keys.collect());
                self
            }

            /// Whether the number of requests under way is measured. Default: false.
            #[must_use]
            pub fn active_requests(mut self, active_requests: bool) -> Self {
                self.common.active_requests = active_requests;
                self
            }

            /// Whether the sizes of bodies are recorded, in bytes, on the span and as metrics.
            /// Default: false.
            ///
            /// A request's is the one that it announces, a response's what passes the middleware,
            /// or, on a client that ends with the head, what that announces.
            #[must_use]
            pub fn body_sizes(mut self, body_sizes: bool) -> Self {
                self.common.body_sizes = body_sizes;
                self
            }

            /// The path of the Unix domain socket that the server listens on: it is
            /// `server.address` then, and there is no `server.port`, because the host that
            /// requests name is made up. Default: none, the address is the one that requests
            /// name.
            #[must_use]
            pub fn unix_socket(mut self, path: impl Into<Cow<'static, str>>) -> Self {
                self.common.unix_socket = Some(path.into());
                self
            }

            /// Where the telemetry goes. Default: [`Providers::global`].
            #[must_use]
            pub fn providers(mut self, providers: Providers) -> Self {
                self.common.providers = providers;
                self
            }
        }
    };
}

pub(super) use shared_options;

/// The query keys whose values the conventions redact by default.
const SENSITIVE_QUERY_KEYS: [&str; 7] = [
    "AWSAccessKeyId",
    "Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Signature",
    "sig",
];
