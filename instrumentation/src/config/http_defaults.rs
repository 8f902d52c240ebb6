//! Defaults for the whole process, set by its configuration rather than by its code.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::common::Common;
use super::known_methods::KnownMethods;

/// The defaults of options of HTTP servers and clients, for the whole process: which headers are
/// recorded, which methods are known, and which query keys are sensitive.
///
/// An option that is set in a [`ServerConfig`](crate::ServerConfig) or
/// [`ClientConfig`](crate::ClientConfig) overrides its default. Middlewares read the defaults when
/// they are created, for example by `OtelLayer::new()`, so [install](Self::install) the defaults
/// before. They do not apply to gRPC.
///
/// `otel-autoconfigure` installs those of a configuration file.
///
/// ```
/// use otel_instrumentation::HttpDefaults;
///
/// let is_first = HttpDefaults::new()
///     .server_request_headers(["x-request-id"])
///     .sensitive_query_keys(["token", "sig"])
///     .install();
/// assert!(is_first);
/// ```
#[derive(Clone, Debug, Default)]
pub struct HttpDefaults {
    server: Side,
    client: Side,
    sensitive_query_keys: Option<Arc<[Cow<'static, str>]>>,
}

#[derive(Clone, Debug, Default)]
struct Side {
    request_headers: Vec<String>,
    response_headers: Vec<String>,
    known_methods: Option<KnownMethods>,
}

/// Says whether a configuration is for a server or a client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Server,
    Client,
}

impl HttpDefaults {
    /// Defaults with no headers, and with the methods and keys of the conventions. If these are
    /// installed, the variable `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` is ignored.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the request headers that servers record. Default: none.
    #[must_use]
    pub fn server_request_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.server.request_headers = strings(names);
        self
    }

    /// Names the response headers that servers record. Default: none.
    #[must_use]
    pub fn server_response_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.server.response_headers = strings(names);
        self
    }

    /// Names the methods that servers record unchanged. Default: RFC 9110, PATCH and QUERY.
    #[must_use]
    pub fn server_known_methods(
        mut self,
        methods: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.server.known_methods = Some(KnownMethods::only(methods));
        self
    }

    /// Names the request headers that clients record. Default: none.
    #[must_use]
    pub fn client_request_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.client.request_headers = strings(names);
        self
    }

    /// Names the response headers that clients record. Default: none.
    #[must_use]
    pub fn client_response_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.client.response_headers = strings(names);
        self
    }

    /// Names the methods that clients record unchanged. Default: RFC 9110, PATCH and QUERY.
    #[must_use]
    pub fn client_known_methods(
        mut self,
        methods: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.client.known_methods = Some(KnownMethods::only(methods));
        self
    }

    /// Names the query keys whose values are redacted. An empty list redacts nothing. Default: the
    /// seven keys of the conventions.
    #[must_use]
    pub fn sensitive_query_keys(
        mut self,
        keys: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let keys = keys.into_iter().map(|key| Cow::Owned(key.into()));
        self.sensitive_query_keys = Some(keys.collect());
        self
    }

    /// Installs these defaults for the process. Returns `false` if others are installed already,
    /// which are kept.
    pub fn install(self) -> bool {
        INSTALLED.set(self).is_ok()
    }

    /// Fills in the options that the application has not set, if this process has defaults.
    pub(crate) fn fill_in(common: &mut Common, role: Role) {
        if let Some(installed) = INSTALLED.get() {
            installed.apply(common, role);
        }
    }

    fn apply(&self, common: &mut Common, role: Role) {
        let side = match role {
            Role::Server => &self.server,
            Role::Client => &self.client,
        };
        common
            .request_headers
            .default_to(side.request_headers.clone());
        common
            .response_headers
            .default_to(side.response_headers.clone());
        let methods = side.known_methods.clone();
        common
            .known_methods
            .default_to(methods.unwrap_or_else(KnownMethods::standard));
        if let Some(keys) = &self.sensitive_query_keys {
            common.sensitive_query_keys.default_to(Arc::clone(keys));
        }
    }
}

fn strings(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

static INSTALLED: OnceLock<HttpDefaults> = OnceLock::new();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientConfig, ServerConfig};

    #[test]
    fn defaults_fill_in_what_the_application_has_not_said() {
        let defaults = HttpDefaults::new()
            .server_request_headers(["a"])
            .server_response_headers(["b"])
            .server_known_methods(["PURGE"])
            .client_request_headers(["c"])
            .client_response_headers(["d"])
            .client_known_methods(["LINK"])
            .sensitive_query_keys(["token"]);

        let mut server = ServerConfig::new().common;
        defaults.apply(&mut server, Role::Server);
        assert_eq!(*server.request_headers, ["a"]);
        assert_eq!(*server.response_headers, ["b"]);
        assert!(server.known_methods.classify("PURGE").known);
        assert!(!server.known_methods.classify("GET").known);
        assert_eq!(**server.sensitive_query_keys, ["token"]);

        let mut client = ClientConfig::new().common;
        defaults.apply(&mut client, Role::Client);
        assert_eq!(*client.request_headers, ["c"]);
        assert_eq!(*client.response_headers, ["d"]);
        assert!(client.known_methods.classify("LINK").known);
    }

    #[test]
    fn what_the_application_has_said_stays() {
        let defaults = HttpDefaults::new()
            .server_request_headers(["a"])
            .server_response_headers(["b"])
            .server_known_methods(["PURGE"])
            .sensitive_query_keys(["token"]);
        let config = ServerConfig::new()
            .capture_request_headers(["x"])
            .capture_response_headers([""; 0])
            .known_methods(["GET"])
            .sensitive_query_keys(["key"]);

        let mut server = config.common;
        defaults.apply(&mut server, Role::Server);

        assert_eq!(*server.request_headers, ["x"]);
        assert!(server.response_headers.is_empty());
        assert!(server.known_methods.classify("GET").known);
        assert!(!server.known_methods.classify("PURGE").known);
        assert_eq!(**server.sensitive_query_keys, ["key"]);
    }

    #[test]
    fn what_the_defaults_do_not_say_is_the_conventions() {
        let mut server = ServerConfig::new().common;
        HttpDefaults::new().apply(&mut server, Role::Server);
        assert!(server.request_headers.is_empty());
        assert!(server.known_methods.classify("QUERY").known);
        assert_eq!(server.sensitive_query_keys.len(), 7);
    }
}
