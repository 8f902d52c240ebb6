//! The options that only clients have.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::attributes::Attributes;
use super::common::{BaggageFilter, Common, Predicate, shared_options};
use super::known_methods::KnownMethods;
use super::setting::Setting;
use crate::facts::{Request, Response};
use crate::providers::Providers;

/// How clients are instrumented; the same value works for every client.
///
/// ```
/// use otel_instrumentation::ClientConfig;
///
/// let config = ClientConfig::new()
///     .propagate_to(|request| matches!(request.authority, Some("orders:8080" | "stock:8080")));
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientConfig {
    pub(crate) common: Common,
    pub(crate) options: ClientOptions,
}

impl ClientConfig {
    /// A configuration that records what the conventions require and recommend, and nothing that is
    /// opt-in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Selects the requests that carry the context. If it returns false, nothing is injected.
    /// Default: every request.
    ///
    /// If the client follows a redirect itself, it keeps the headers, even to another host.
    #[must_use]
    pub fn propagate_to(
        mut self,
        propagates: impl Fn(&Request<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.propagate_to = Some(Arc::new(propagates));
        self
    }

    /// Selects the baggage entries that a request carries, by name. If it returns false, the entry
    /// is not sent. Default: all entries are sent.
    ///
    /// The hook is called only for requests for which [`propagate_to`](Self::propagate_to) returns
    /// true. The span's own context keeps all of its baggage.
    ///
    /// With this option, only the baggage of the context is sent. A `baggage` header that the
    /// application has written, or copied from another request, is replaced or removed. Without
    /// this option, such a header is replaced by the baggage of the context, but it is kept if the
    /// context has none. `traceparent` differs: every request gets its own, which replaces any
    /// other one.
    ///
    /// ```
    /// use otel_instrumentation::ClientConfig;
    ///
    /// let config = ClientConfig::new().propagate_baggage(|request, name| {
    ///     let is_ours = matches!(request.authority, Some("orders:8080" | "stock:8080"));
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

    /// Sets whether the operation lasts until the response's body has been read to its end.
    ///
    /// Default: false. The operation then ends with the response's head, as the conventions
    /// require. With true, errors of the body are recorded as well.
    #[must_use]
    pub fn body_end(mut self, body_end: bool) -> Self {
        self.options.body_end = body_end;
        self
    }
}

shared_options!(ClientConfig);

/// The options that only clients have.
#[derive(Clone, Default)]
pub(crate) struct ClientOptions {
    pub(crate) propagate_to: Option<Predicate>,
    pub(crate) propagate_baggage: Option<BaggageFilter>,
    pub(crate) body_end: bool,
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
