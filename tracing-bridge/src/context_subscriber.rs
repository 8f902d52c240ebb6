//! A subscriber whose current span also reflects OpenTelemetry's current context.

use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_core::span::Current;
use tracing_subscriber::filter::FilterId;
use tracing_subscriber::registry::LookupSpan;

use crate::asked;
use crate::attached::Owner;
use crate::held::{Held, METADATA, is_held};
use crate::request::Request;
use crate::takes::is_opentelemetry;
use crate::unclaimed;

/// Wraps your subscriber and closes three gaps between `tracing` and OpenTelemetry.
///
/// - **`Span::current()`.** The span of a request is not a `tracing` span. If no `tracing` span is
///   entered, `Span::current()` returns a span that stands for the current [`Context`]. So
///   `.instrument(Span::current())`, `.in_current_span()` and similar calls carry the context to
///   another task, and the methods of [`OtelSpanExt`](crate::OtelSpanExt) reach the span of the
///   request. This span is created on demand, and is not exported. It has no fields, so values
///   given to `record` are lost; use [`set_attribute`](crate::OtelSpanExt::set_attribute). An
///   entered `tracing` span remains the current one, even around a span of the API.
/// - **Quieter logs.** An `EnvFilter` that is a layer of the subscriber hides spans together with
///   events, which breaks traces. Here spans of level `INFO` and above are kept, see
///   [`keep_spans`](Self::keep_spans).
/// - **`log_enabled!` and `enabled!`** leave per-layer filters of tracing-subscriber in a state
///   that hides the next span ([tokio-rs/tracing#2519]). Here they do not.
///
/// Wrap it around all layers. Some code asks the subscriber for one of its layers, such as
/// `SpanTrace` of tracing-error and `OpenTelemetrySpanExt` of tracing-opentelemetry. Such code does
/// not find layers inside this subscriber. A layer that does not handle the closing of spans, such
/// as the `ErrorLayer` of tracing-error, may go around it instead.
///
/// ```
/// use otel_tracing_bridge::{ContextSubscriber, SpanLayer};
/// use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};
///
/// # let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
/// let subscriber = tracing_subscriber::registry()
///     .with(SpanLayer::new(provider))
///     .with(tracing_subscriber::fmt::layer());
/// ContextSubscriber::new(subscriber).init();
/// ```
///
/// [tokio-rs/tracing#2519]: https://github.com/tokio-rs/tracing/issues/2519
#[derive(Debug)]
pub struct ContextSubscriber<S> {
    inner: S,
    spans: LevelFilter,
    owner: Owner,
    /// The number of spans that stand for a context now. If there are none, no lookup is needed.
    held: AtomicUsize,
}

impl<S> ContextSubscriber<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// Wraps a subscriber.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            spans: LevelFilter::INFO,
            owner: Owner::new(),
            held: AtomicUsize::new(0),
        }
    }

    /// Sets the level from which on spans are kept, even if filters of the whole subscriber hide
    /// them. `INFO` by default. With `OFF`, filters may hide any span.
    ///
    /// This does not affect filters of single layers.
    #[must_use]
    pub fn keep_spans(mut self, level: LevelFilter) -> Self {
        self.spans = level;
        self
    }

    fn keeps(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
            && *metadata.level() <= self.spans
            && !is_opentelemetry(metadata.target())
    }

    /// Asks the filters again if they were last asked about something that did not happen.
    fn refresh(&self, metadata: &Metadata<'_>) {
        if asked::is_stale(self.owner, metadata) {
            self.inner.enabled(metadata);
        }
    }

    /// Creates a span that stands for the context.
    fn hold(&self, context: Context) -> Id {
        if let Some(id) = unclaimed::abandoned(self.owner) {
            self.try_close(id);
        }
        // Layers of others would export the span, unless telemetry is suppressed.
        let suppressed = context.with_telemetry_suppressed().attach();
        self.inner.enabled(&METADATA);
        let values = METADATA.fields().value_set(&[]);
        let id = self.inner.new_span(&Attributes::new(&METADATA, &values));
        drop(suppressed);
        // The filters have now been asked about this span, not about the callsite before.
        asked::ask(self.owner, &METADATA);
        if let Some(span) = self.inner.span(&id) {
            span.extensions_mut().insert(Held(context));
        }
        self.held.fetch_add(1, Ordering::Relaxed);
        unclaimed::offer(self.owner, id.clone());
        id
    }

    /// The context that a span stands for.
    #[inline]
    fn held(&self, id: &Id) -> Option<Context> {
        match self.held.load(Ordering::Relaxed) {
            0 => None,
            _ => self.find_held(id),
        }
    }

    #[inline(never)]
    fn find_held(&self, id: &Id) -> Option<Context> {
        let span = self.inner.span(id)?;
        if !is_held(span.metadata()) {
            return None;
        }
        let extensions = span.extensions();
        extensions.get::<Held>().map(|held| held.0.clone())
    }

    /// The ids of the context that a span stands for, also if the span was just closed:
    /// `follows_from(Span::current())` drops its handle before the subscriber is called.
    fn link_to(&self, id: &Id) -> Option<SpanContext> {
        if let Some(context) = self.held(id) {
            return Some(context.span().span_context().clone());
        }
        let context = unclaimed::closed(self.owner, id)?;
        self.inner.span(id).is_none().then_some(context)
    }
}

impl<S> Subscriber for ContextSubscriber<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.inner.on_register_dispatch(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = self.inner.register_callsite(metadata);
        match interest.is_never() && self.keeps(metadata) {
            true => Interest::sometimes(),
            false => interest,
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner.max_level_hint().map(|hint| hint.max(self.spans))
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_enabled = self.inner.enabled(metadata);
        asked::ask(self.owner, metadata);
        is_enabled || self.keeps(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.refresh(attributes.metadata());
        let Some(parent) = attributes.parent() else {
            return self.inner.new_span(attributes);
        };
        let context = self.held(parent);
        if context.is_none() && self.inner.span(parent).is_some() {
            return self.inner.new_span(attributes);
        }
        // A span that stands for a context cannot be a parent, but its context can. If the span is
        // gone (an id keeps nothing alive), the current context is the parent; the registry would
        // panic.
        let _attached = context.map(Context::attach);
        let child = Attributes::new(attributes.metadata(), attributes.values());
        self.inner.new_span(&child)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.inner.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        if let Some(context) = self.held(span) {
            if let (true, Some(request)) = (span == follows, Request::take()) {
                request.apply(&context).give();
            }
        } else if let Some(link) = self.link_to(follows) {
            Request::Link(link, Vec::new()).forward(|| self.inner.record_follows_from(span, span));
        } else {
            self.inner.record_follows_from(span, follows);
        }
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.refresh(event.metadata());
        self.inner.event_enabled(event)
    }

    fn event(&self, event: &Event<'_>) {
        let context = event.parent().and_then(|id| self.held(id));
        let _attached = context.map(Context::attach);
        self.inner.event(event);
    }

    fn enter(&self, span: &Id) {
        match self.held(span) {
            // Not entered in the subscriber: lines would name it, and it would become a parent.
            Some(context) => self.owner.attach(span, context),
            None => self.inner.enter(span),
        }
    }

    fn exit(&self, span: &Id) {
        match self.held(span) {
            Some(_) => self.owner.detach(span),
            None => self.inner.exit(span),
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        match unclaimed::claim(self.owner, id) {
            true => id.clone(),
            false => self.inner.clone_span(id),
        }
    }

    fn drop_span(&self, id: Id) {
        self.try_close(id);
    }

    fn try_close(&self, id: Id) -> bool {
        let Some(context) = self.held(&id) else {
            return self.inner.try_close(id);
        };
        let is_closed = self.inner.try_close(id.clone());
        if is_closed {
            self.held.fetch_sub(1, Ordering::Relaxed);
            let context = context.span().span_context().clone();
            unclaimed::close(self.owner, id, context);
        }
        is_closed
    }

    fn current_span(&self) -> Current {
        let current = self.inner.current_span();
        if current.id().is_some() {
            return current;
        }
        let context = Context::map_current(|context| {
            let is_valid = context.span().span_context().is_valid();
            is_valid.then(|| context.clone())
        });
        match context {
            Some(context) => Current::new(self.hold(context), &METADATA),
            None => current,
        }
    }
}

impl<'a, S> LookupSpan<'a> for ContextSubscriber<S>
where
    S: LookupSpan<'a>,
{
    type Data = S::Data;

    fn span_data(&'a self, id: &Id) -> Option<Self::Data> {
        self.inner.span_data(id)
    }

    fn register_filter(&mut self) -> FilterId {
        self.inner.register_filter()
    }
}
