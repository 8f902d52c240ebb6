//! Exports `tracing` spans as spans of OpenTelemetry.

use std::fmt;
use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Tracer, TracerProvider};
use tracing::Metadata;

use crate::attached::Owner;
use crate::details::Details;
use crate::takes::Choice;
use crate::tracers::{PerCrate, Tracers};

/// Exports `tracing` spans. Attaches their context while they are entered, so that spans of the
/// OpenTelemetry API become their children, and the other way round.
///
/// - **Parents.** A span is a child of the span in the current [`Context`](opentelemetry::Context)
///   when it is created: a `tracing` span or one of the API. `parent: &span` and
///   [`set_parent`](crate::OtelSpanExt::set_parent) override this; `follows_from` adds a link.
/// - **Fields** are attributes with their own types. An integer that does not fit into
///   OpenTelemetry's signed 64 bits is text. A field can be recorded later. A field that is
///   recorded again after the start is exported twice: the SDK keeps both values.
/// - **`otel.name`**, **`otel.kind`**, **`otel.status_code`** and **`otel.status_message`** set
///   what they name, and are not attributes.
/// - **Errors.** A field `error` (other than `false`) sets the status to error, with the field as
///   its description. So does the event of `#[instrument(err)]`, whose only field is `error`.
///   `error.type` is `_OTHER` unless there is a field with that name; it is `panic` for a span that
///   a panic closes.
/// - **The end** is when the span is closed: when the last handle to it and its last child are
///   gone. (tracing-opentelemetry ends a span when it is left for the last time, which is earlier
///   if a handle is kept.)
/// - **The scope** is the crate of the span's target. It has a version if the compiler knows it,
///   which is the case for crates from a registry. See [`scope`](Self::scope) for others.
///
/// For samplers and processors, a span starts when it is first entered, or when its ids are needed.
/// The layer is no per-layer filter and needs none: it exports everything that the subscriber lets
/// through, except for the SDK's own spans and those during an export.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use otel_tracing_bridge::SpanLayer;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let provider = SdkTracerProvider::builder().build();
/// let subscriber = tracing_subscriber::registry().with(SpanLayer::new(provider));
/// # drop(subscriber);
/// ```
#[must_use = "a layer does nothing until it is added to a subscriber"]
pub struct SpanLayer {
    pub(crate) tracers: Option<Arc<dyn Tracers>>,
    pub(crate) owner: Owner,
    pub(crate) choice: Choice,
    pub(crate) details: Details,
    pub(crate) keeps_fields: bool,
    pub(crate) adds_events: bool,
}

impl SpanLayer {
    /// Creates a layer that exports to this provider.
    pub fn new<P>(provider: P) -> Self
    where
        P: TracerProvider + Send + Sync + 'static,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Self {
            tracers: Some(Arc::new(PerCrate::new(provider))),
            ..Self::without_provider()
        }
    }

    /// Creates a layer that exports nothing, and only keeps the fields of spans for a
    /// [`LineLayer`](crate::LineLayer).
    pub fn without_provider() -> Self {
        Self {
            tracers: None,
            owner: Owner::new(),
            choice: Choice::default(),
            details: Details::default(),
            keeps_fields: false,
            adds_events: false,
        }
    }

    /// Exports only the spans for which the filter returns true. By default all are exported.
    ///
    /// The filter is called for each span, so it should be cheap.
    pub fn filter(
        mut self,
        choice: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.choice = Choice::new(choice);
        self
    }

    /// Sets the scope for the crate with this name, to add a version, a schema or attributes.
    ///
    /// ```
    /// use opentelemetry::InstrumentationScope;
    ///
    /// # let layer = otel_tracing_bridge::SpanLayer::without_provider();
    /// let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
    ///     .with_version(env!("CARGO_PKG_VERSION"));
    /// let layer = layer.scope(scope.build());
    /// ```
    pub fn scope(mut self, scope: InstrumentationScope) -> Self {
        if let Some(tracers) = self.tracers.as_mut().and_then(Arc::get_mut) {
            tracers.add(scope);
        }
        self
    }

    /// Sets whether spans have `code.file.path` and `code.line.number`. Off by default.
    pub fn location(mut self, is_on: bool) -> Self {
        self.details.location = is_on;
        self
    }

    /// Sets whether spans have their `target`. Off by default: the scope already names the crate.
    pub fn target(mut self, is_on: bool) -> Self {
        self.details.target = is_on;
        self
    }

    /// Sets whether spans have `thread.id` and `thread.name` of the thread that created them. Off
    /// by default.
    pub fn threads(mut self, is_on: bool) -> Self {
        self.details.threads = is_on;
        self
    }

    /// Sets whether spans have `busy_ns` and `idle_ns`: how long they were entered, and how long
    /// they were not. Off by default.
    pub fn activity(mut self, is_on: bool) -> Self {
        self.details.activity = is_on;
        self
    }

    /// Sets whether events are also added to their span, besides being log records. Off by default.
    pub fn span_events(mut self, is_on: bool) -> Self {
        self.adds_events = is_on;
        self
    }

    /// Sets whether the fields of spans are kept for a [`LineLayer`](crate::LineLayer), which
    /// formats them when an event is written. Off by default.
    pub fn keep_fields(mut self, is_on: bool) -> Self {
        self.keeps_fields = is_on;
        self
    }
}

impl fmt::Debug for SpanLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanLayer")
            .field("exports", &self.tracers.is_some())
            .field("filter", &self.choice)
            .field("details", &self.details)
            .field("keeps_fields", &self.keeps_fields)
            .field("adds_events", &self.adds_events)
            .finish_non_exhaustive()
    }
}
