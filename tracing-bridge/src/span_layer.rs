//! `tracing` spans become spans of OpenTelemetry.

use std::fmt;
use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Tracer, TracerProvider};
use tracing::Metadata;

use crate::attached::Owner;
use crate::details::Details;
use crate::takes::Choice;
use crate::tracers::{PerCrate, Tracers};

/// Exports `tracing` spans, and attaches their context while they are entered, so that spans of the
/// OpenTelemetry API become their children and the other way round.
///
/// - **Parents.** A span is the child of what the current
///   [`Context`](opentelemetry::Context) holds when it is made, a
///   `tracing` span or one of the API. `parent: &span` and
///   [`set_parent`](crate::OtelSpanExt::set_parent) say otherwise; `follows_from` makes a link.
/// - **Fields** are attributes of their own type. An integer that is too large for OpenTelemetry's
///   64 bits with a sign is text. A field that is recorded later is set then. One that is recorded anew
///   after the start is exported twice: the SDK keeps both values.
/// - **`otel.name`**, **`otel.kind`**, **`otel.status_code`** and **`otel.status_message`** are what
///   they say, and no attributes.
/// - **Errors.** A field `error` (other than `false`) makes the status an error with this
///   description, and so does the event that `#[instrument(err)]` makes: one with the field `error`
///   and no other. `error.type` is `_OTHER` unless there is a field of that name,
///   and `panic` for a span that is closed by one.
/// - **The end** is when the span is closed, which is when the last handle to it and the last child
///   are gone. (tracing-opentelemetry ends it when it was last left, which is earlier where a
///   handle is kept.)
/// - **The scope** is the crate of the span's target, with the version where the compiler told of
///   it: for crates from a registry. See [`scope`](Self::scope) for others.
///
/// A span starts, as far as samplers and processors are concerned, when it is first entered, or
/// when something needs its ids. It is no per-layer filter and needs none: it takes whatever the
/// subscriber lets through but what the SDK itself says and what happens during an export.
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
    /// Exports to this provider.
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

    /// Exports nothing, and only keeps the fields of spans for a [`LineLayer`](crate::LineLayer).
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

    /// Exports only the spans that are chosen. All by default.
    ///
    /// It is asked for each span, and should be cheap.
    pub fn filter(
        mut self,
        choice: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.choice = Choice::new(choice);
        self
    }

    /// The scope of the crate that has this name: for its version, a schema or attributes.
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

    /// Whether spans have `code.file.path` and `code.line.number`. Off by default.
    pub fn location(mut self, is_on: bool) -> Self {
        self.details.location = is_on;
        self
    }

    /// Whether spans have their `target`. Off by default: the scope has the crate.
    pub fn target(mut self, is_on: bool) -> Self {
        self.details.target = is_on;
        self
    }

    /// Whether spans have `thread.id` and `thread.name` of the thread that made them. Off by
    /// default.
    pub fn threads(mut self, is_on: bool) -> Self {
        self.details.threads = is_on;
        self
    }

    /// Whether spans have `busy_ns` and `idle_ns`: how long they were entered and were not. Off by
    /// default.
    pub fn activity(mut self, is_on: bool) -> Self {
        self.details.activity = is_on;
        self
    }

    /// Whether events are added to their span, beside being log records. Off by default.
    pub fn span_events(mut self, is_on: bool) -> Self {
        self.adds_events = is_on;
        self
    }

    /// Whether the fields of spans are kept for a [`LineLayer`](crate::LineLayer), which formats
    /// them when an event is written. Off by default.
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
