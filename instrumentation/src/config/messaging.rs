//! The options of producers and consumers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::attributes::Attributes;
use crate::facts::Message;
use crate::messaging::MessagingSystem;
use crate::providers::Providers;

/// How the span of processing a message relates to the context in which the message was created,
/// see [`MessagingConfig::continues`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Continue {
    /// The span is a child of the creation context, so that both are in one trace. If a local span
    /// is active, the span is a child of that one and links to the creation context.
    #[default]
    Child,
    /// The span links to the creation context. It begins a new trace, unless a local span is
    /// active.
    Link,
}

/// The treatment of a creation context that a message already has when it is sent; see
/// [`MessagingConfig::creation_context`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreationContext {
    /// It is kept. The span of the send is a client span and links to it. A consumer continues the
    /// trace in which the message was created, not the trace in which it was sent.
    #[default]
    Keep,
    /// It is replaced by the context of the send, so a consumer continues the trace of the send.
    /// The span of the send links to the old context. This is for programs that forward messages
    /// with their headers.
    Replace,
}

/// How producers and consumers are instrumented; the same value works for both.
///
/// Clients fill in the name and the address of the broker if they know them.
///
/// ```
/// use otel_instrumentation::{Continue, MessagingConfig};
///
/// let config = MessagingConfig::new()
///     .filter(|message| message.destination != "heartbeats")
///     .continues(Continue::Link)
///     .keys(false);
/// # let _ = config;
/// ```
#[derive(Clone, Debug, Default)]
pub struct MessagingConfig {
    pub(crate) system: Option<MessagingSystem>,
    pub(crate) client_id: Option<Cow<'static, str>>,
    pub(crate) group: Option<Cow<'static, str>>,
    pub(crate) server: Option<(Cow<'static, str>, Option<u16>)>,
    pub(crate) options: MessagingOptions,
    pub(crate) baggage_limit: Option<usize>,
    pub(crate) providers: Providers,
}

impl MessagingConfig {
    /// A configuration that records what the conventions require and recommend, and nothing that is
    /// opt-in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the messaging system. Default: [`MessagingSystem::KAFKA`].
    #[must_use]
    pub fn system(mut self, system: MessagingSystem) -> Self {
        self.system = Some(system);
        self
    }

    /// Sets `messaging.client.id`. Default: the client's value, or absent.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Cow<'static, str>>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets `messaging.consumer.group.name`, which producers do not have. Default: the client's
    /// value, or absent.
    #[must_use]
    pub fn group(mut self, group: impl Into<Cow<'static, str>>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Sets `server.address` and `server.port` of the broker. Default: the client's values, or
    /// absent.
    #[must_use]
    pub fn server(
        mut self,
        address: impl Into<Cow<'static, str>>,
        port: impl Into<Option<u16>>,
    ) -> Self {
        self.server = Some((address.into(), port.into()));
        self
    }

    /// Takes the broker and client settings from `client` that this configuration does not set.
    /// This is for integrations of a client.
    ///
    /// ```
    /// use otel_instrumentation::MessagingConfig;
    ///
    /// let client = MessagingConfig::new().server("kafka-1", 9092).group("billing");
    /// let config = MessagingConfig::new().server("kafka.internal", None).or(client);
    /// # let _ = config; // server `kafka.internal`, group `billing`
    /// ```
    #[must_use]
    pub fn or(mut self, client: Self) -> Self {
        self.system = self.system.or(client.system);
        self.client_id = self.client_id.or(client.client_id);
        self.group = self.group.or(client.group);
        self.server = self.server.or(client.server);
        self
    }

    /// Selects the messages that are recorded. If it returns false, there is no span and no metric,
    /// but the context is still sent and passed on. Default: all messages are recorded. For a
    /// batch, the hook gets the first message. For an operation without a single destination, it
    /// gets a message with an empty one.
    #[must_use]
    pub fn filter(mut self, filter: impl Fn(&Message<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.options.filter = Some(Arc::new(filter));
        self
    }

    /// Sets the span's name. If it returns `None`, the name is that of the convention, which is the
    /// default. Use only a few different names. The hook gets the name of the operation, such as
    /// `process`.
    #[must_use]
    pub fn span_name(
        mut self,
        name: impl Fn(&str, &Message<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.options.span_name = Some(Arc::new(name));
        self
    }

    /// Adds attributes that are known when the operation begins. Default: none. For a batch, the
    /// hook gets the first message.
    ///
    /// When the hook is called, the current context is the parent context of the span, with its
    /// baggage.
    #[must_use]
    pub fn attributes(
        mut self,
        hook: impl Fn(&Message<'_>, &mut Attributes) + Send + Sync + 'static,
    ) -> Self {
        self.options.attributes = Some(Arc::new(hook));
        self
    }

    /// Sets how the span of processing a single message relates to the context in which the message
    /// was created. Default: [`Continue::Child`]. The span of a batch always links to all of its
    /// messages.
    #[must_use]
    pub fn continues(mut self, continues: Continue) -> Self {
        self.options.continues = continues;
        self
    }

    /// Sets what happens to the creation context of a message that already has one when it is sent.
    /// Default: [`CreationContext::Keep`].
    #[must_use]
    pub fn creation_context(mut self, creation_context: CreationContext) -> Self {
        self.options.creation_context = creation_context;
        self
    }

    /// Selects the messages that carry the context. If it returns false, nothing is added to the
    /// headers. Default: all messages carry it.
    #[must_use]
    pub fn propagate_to(
        mut self,
        propagates: impl Fn(&Message<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.propagate_to = Some(Arc::new(propagates));
        self
    }

    /// Selects the baggage entries that a message carries, by name. If it returns false, the entry
    /// is not sent. Default: all entries are sent.
    ///
    /// The hook is called only for messages for which [`propagate_to`](Self::propagate_to) returns
    /// true.
    #[must_use]
    pub fn propagate_baggage(
        mut self,
        propagates: impl Fn(&Message<'_>, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.propagate_baggage = Some(Arc::new(propagates));
        self
    }

    /// Sets how many bytes of baggage are accepted from a message: names, values and properties
    /// together. Default: the limits of the format itself.
    #[must_use]
    pub fn baggage_limit(mut self, bytes: usize) -> Self {
        self.baggage_limit = Some(bytes);
        self
    }

    /// Sets whether receiving is recorded with its own span and duration. These begin when the
    /// message arrives and do not include the wait for it. Default: false.
    ///
    /// Messages are counted once: when they are received if that is recorded, otherwise when they
    /// are processed.
    #[must_use]
    pub fn receives(mut self, receives: bool) -> Self {
        self.options.receives = receives;
        self
    }

    /// Sets whether keys that are UTF-8 are recorded. Default: true.
    #[must_use]
    pub fn keys(mut self, keys: bool) -> Self {
        self.options.keys = keys;
        self
    }

    /// Sets whether the sizes of values are recorded, in bytes. Default: false.
    #[must_use]
    pub fn body_sizes(mut self, body_sizes: bool) -> Self {
        self.options.body_sizes = body_sizes;
        self
    }

    /// Sets the providers of the telemetry. Default: [`Providers::global`].
    #[must_use]
    pub fn providers(mut self, providers: Providers) -> Self {
        self.providers = providers;
        self
    }
}

type Predicate = Arc<dyn Fn(&Message<'_>) -> bool + Send + Sync>;
type BaggageFilter = Arc<dyn Fn(&Message<'_>, &str) -> bool + Send + Sync>;
type SpanName = Arc<dyn Fn(&str, &Message<'_>) -> Option<Cow<'static, str>> + Send + Sync>;
type AttributesHook = Arc<dyn Fn(&Message<'_>, &mut Attributes) + Send + Sync>;

/// The options of producers and consumers in the form that operations read.
#[derive(Clone)]
pub(crate) struct MessagingOptions {
    pub(crate) filter: Option<Predicate>,
    pub(crate) span_name: Option<SpanName>,
    pub(crate) attributes: Option<AttributesHook>,
    pub(crate) continues: Continue,
    pub(crate) creation_context: CreationContext,
    pub(crate) propagate_to: Option<Predicate>,
    pub(crate) propagate_baggage: Option<BaggageFilter>,
    pub(crate) receives: bool,
    pub(crate) keys: bool,
    pub(crate) body_sizes: bool,
}

impl Default for MessagingOptions {
    fn default() -> Self {
        Self {
            filter: None,
            span_name: None,
            attributes: None,
            continues: Continue::Child,
            creation_context: CreationContext::Keep,
            propagate_to: None,
            propagate_baggage: None,
            receives: false,
            keys: true,
            body_sizes: false,
        }
    }
}

impl fmt::Debug for MessagingOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessagingOptions")
            .field("continues", &self.continues)
            .field("creation_context", &self.creation_context)
            .field("receives", &self.receives)
            .field("keys", &self.keys)
            .field("body_sizes", &self.body_sizes)
            .finish_non_exhaustive()
    }
}
