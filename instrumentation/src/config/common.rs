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

/// The options that servers and clients share, and the server options that operations read.
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

/// The setters of both configurations, for the options in `common`.
macro_rules! shared_options {
    ($config:ident) => {
        impl $config {
            /// Selects the requests that are recorded. If it returns false, there is no span and no
            /// metric, but the context is still extracted and passed on. Default: all requests are
            /// recorded.
            #[must_use]
            pub fn filter(
                mut self,
                filter: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
            ) -> Self {
                self.common.filter = Some(Arc::new(filter));
                self
            }

            /// Sets the span's name. If it returns `None`, the name is that of the convention,
            /// which is the default. Use only a few different names.
            #[must_use]
            pub fn span_name(
                mut self,
                name: impl Fn(&Request<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
            ) -> Self {
                self.common.span_name = Some(Arc::new(name));
                self
            }

            /// Adds attributes that are known when the request begins. Default: none.
            ///
            /// When the hook is called, the current context is the parent context of the span, with
            /// its baggage. The hook is not called if a sampler that
            /// [is asked early](crate::EarlySampler) drops the request and there are no metrics.
            #[must_use]
            pub fn attributes(
                mut self,
                hook: impl Fn(&Request<'_>, &mut Attributes) + Send + Sync + 'static,
            ) -> Self {
                self.common.attributes = Some(Arc::new(hook));
                self
            }

            /// Adds attributes and labels that are known once the head of the response has arrived.
            /// Default: none.
            ///
            /// The hook may also say that the outcome [is expected](Attributes::expected). It gets
            /// the request without its headers, which are no longer available.
            #[must_use]
            pub fn response_attributes(
                mut self,
                hook: impl Fn(&Request<'_>, &Response<'_>, &mut Attributes) + Send + Sync + 'static,
            ) -> Self {
                self.common.response_attributes = Some(Arc::new(hook));
                self
            }

            /// Names the request headers to record on the span, as `string[]`. Default: none.
            ///
            /// Names are not case-sensitive. `*` and `?` are wildcards. They never select
            /// `Authorization`, `Cookie` and other headers that are known to contain credentials.
            #[must_use]
            pub fn capture_request_headers(
                mut self,
                names: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                let names = names.into_iter().map(Into::into);
                self.common.request_headers = Setting::said(names.collect());
                self
            }

            /// Names the response headers to record on the span, in the same way as request
            /// headers. Default: none.
            ///
            /// The same names select the trailers of an RPC.
            #[must_use]
            pub fn capture_response_headers(
                mut self,
                names: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                let names = names.into_iter().map(Into::into);
                self.common.response_headers = Setting::said(names.collect());
                self
            }

            /// Names the methods that are recorded unchanged; others become `_OTHER`. Replaces the
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

            /// Names the query keys whose values are redacted. Replaces the seven keys of the
            /// conventions, which are the default.
            #[must_use]
            pub fn sensitive_query_keys(
                mut self,
                keys: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                let keys = keys.into_iter().map(|key| Cow::Owned(key.into()));
                self.common.sensitive_query_keys = Setting::said(keys.collect());
                self
            }

            /// Sets whether the number of active requests is measured. Default: false.
            #[must_use]
            pub fn active_requests(mut self, active_requests: bool) -> Self {
                self.common.active_requests = active_requests;
                self
            }

            /// Sets whether the sizes of bodies are recorded, in bytes, on the span and as metrics.
            /// Default: false.
            ///
            /// The size of a request is the one that its head announces. The size of a response is
            /// the number of bytes that pass the middleware. On a client whose span ends with the
            /// head, it is the number that the head announces.
            #[must_use]
            pub fn body_sizes(mut self, body_sizes: bool) -> Self {
                self.common.body_sizes = body_sizes;
                self
            }

            /// Sets the path of the Unix domain socket that the server listens on. The path becomes
            /// `server.address`, and there is no `server.port`, because the host in such requests
            /// is only a placeholder. Default: none, and the address is the host of the request.
            #[must_use]
            pub fn unix_socket(mut self, path: impl Into<Cow<'static, str>>) -> Self {
                self.common.unix_socket = Some(path.into());
                self
            }

            /// Sets the providers of the telemetry. Default: [`Providers::global`].
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
