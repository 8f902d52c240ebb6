//! `Span::current()` without a `tracing` span, and filters that must not remove one.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SpanData;
use otel_tracing_bridge::{ContextSubscriber, OtelSpanExt, RecordLayer, SpanLayer};
use support::{Exported, Written};
use tracing::level_filters::LevelFilter;
use tracing::span::Id;
use tracing::{Dispatch, Span, Subscriber, dispatcher, info, info_span, span};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context as LayerContext, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt};

/// Counts the open spans.
#[derive(Clone, Default)]
struct Counted {
    made: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
}

impl Counted {
    fn numbers(&self) -> (usize, usize) {
        let numbers = [&self.made, &self.closed].map(|it| it.load(Ordering::Relaxed));
        (numbers[0], numbers[1])
    }
}

impl<S: Subscriber> Layer<S> for Counted {
    fn on_new_span(&self, _: &span::Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    fn on_close(&self, _: Id, _: LayerContext<'_, S>) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

fn under(subscriber: impl Subscriber + Send + Sync + for<'a> LookupSpan<'a>, work: impl FnOnce()) {
    let dispatch = Dispatch::new(ContextSubscriber::new(subscriber));
    dispatcher::with_default(&dispatch, work);
}

fn current() -> SpanContext {
    Context::current().span().span_context().clone()
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let mut named = spans.iter().filter(|span| span.name == name);
    named.next().unwrap_or_else(|| panic!("{spans:#?}"))
}

#[test]
fn the_current_span_is_that_of_the_context() {
    let (exported, counted) = (Exported::new(), Counted::default());
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(exported.traces.clone()))
        .with(RecordLayer::new(&exported.logs))
        .with(counted.clone());
    under(subscriber, || {
        assert!(Span::current().is_none());
        exported.traces.tracer("api").in_span("server", |context| {
            let server = context.span().span_context().clone();
            let span = Span::current();
            std::thread::scope(|scope| {
                let dispatch = dispatcher::get_default(Dispatch::clone);
                let span = span.clone();
                scope.spawn(move || {
                    let _dispatch = dispatcher::set_default(&dispatch);
                    span.in_scope(|| {
                        assert_eq!(current(), server);
                        info!("elsewhere");
                        info_span!("inside").in_scope(|| ());
                    });
                    info_span!(parent: &span, "below").in_scope(|| ());
                    info!(parent: &span, "about it");
                    let linked = info_span!("linked");
                    linked.follows_from(&span);
                    assert!(!current().is_valid());
                });
            });
            span.set_attribute("order.id", 7);
            assert_eq!(
                span.context().span().span_context(),
                context.span().span_context()
            );
        });
    });
    let spans = exported.spans();
    assert_eq!(spans.len(), 4);
    let server = named(&spans, "server");
    for child in ["inside", "below"] {
        let child = named(&spans, child);
        assert_eq!(child.parent_span_id, server.span_context.span_id());
    }
    assert_eq!(
        named(&spans, "linked").links[0].span_context,
        server.span_context
    );
    assert_eq!(server.attributes, [KeyValue::new("order.id", 7)]);
    for record in exported.records() {
        let ids = record.record.trace_context().unwrap();
        assert_eq!(ids.span_id, server.span_context.span_id());
    }
    assert_eq!(exported.records().len(), 2);
    let (made, closed) = counted.numbers();
    assert_eq!(made, closed);
}

#[test]
fn each_that_was_made_is_closed() {
    let counted = Counted::default();
    let exported = Exported::new();
    under(tracing_subscriber::registry().with(counted.clone()), || {
        exported.traces.tracer("api").in_span("server", |_| {
            for _ in 0..1_000 {
                let span = Span::current();
                span.clone().in_scope(|| drop(Span::current()));
                drop(span);
            }
            // Asks for the current span, and takes no handle.
            for _ in 0..10 {
                dispatcher::get_default(|dispatch| assert!(dispatch.current_span().id().is_some()));
            }
            drop(Span::current());
        });
    });
    assert_eq!(counted.numbers(), (2_011, 2_011));
}

/// Its spans go to OpenTelemetry through another layer.
#[test]
fn nothing_is_exported_of_what_stands_for_a_context() {
    let exported = Exported::new();
    let tracer = exported.traces.tracer("api");
    let layer = tracing_opentelemetry::layer().with_tracer(exported.traces.tracer("tracing"));
    under(tracing_subscriber::registry().with(layer), || {
        let span = tracer.in_span("server", |_| Span::current());
        span.in_scope(|| info_span!("work").in_scope(|| ()));
    });
    let spans = exported.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["work", "server"]);
    let server = named(&spans, "server").span_context.span_id();
    assert_eq!(named(&spans, "work").parent_span_id, server);
}

/// An id keeps no span alive, and its span is gone.
#[test]
fn a_parent_that_is_gone_is_none() {
    let exported = Exported::new();
    let layer = SpanLayer::new(exported.traces.clone());
    under(tracing_subscriber::registry().with(layer), || {
        let id = exported.traces.tracer("api").in_span("server", |_| {
            let id = Span::current().id();
            info_span!(parent: id.clone(), "inside").in_scope(|| ());
            id
        });
        info_span!(parent: id, "outside").in_scope(|| ());
    });
    let spans = exported.spans();
    let server = named(&spans, "server").span_context.span_id();
    assert_eq!(named(&spans, "inside").parent_span_id, server);
    assert_eq!(named(&spans, "outside").parent_span_id, SpanId::INVALID);
}

#[test]
fn a_tracing_span_stays_the_current_one() {
    let exported = Exported::new();
    let layer = SpanLayer::new(exported.traces.clone());
    under(tracing_subscriber::registry().with(layer), || {
        exported.traces.tracer("api").in_span("server", |_| {
            let span = info_span!("work", late = tracing::field::Empty);
            span.in_scope(|| {
                Span::current().record("late", 1);
            });
        });
    });
    let spans = exported.spans();
    assert_eq!(named(&spans, "work").attributes, [KeyValue::new("late", 1)]);
}

/// As `EnvFilter` does, which is also a layer of the subscriber.
#[test]
fn a_filter_of_all_layers_takes_no_span_away() {
    for (filter, spans, records) in [
        (
            Targets::new().with_default(LevelFilter::WARN),
            vec!["info"],
            0,
        ),
        (
            Targets::new().with_default(LevelFilter::OFF),
            vec!["info"],
            0,
        ),
        (
            Targets::new().with_default(LevelFilter::INFO),
            vec!["info"],
            1,
        ),
        (
            Targets::new().with_default(LevelFilter::DEBUG),
            vec!["debug", "info"],
            1,
        ),
    ] {
        let exported = Exported::new();
        let subscriber = tracing_subscriber::registry()
            .with(filter)
            .with(SpanLayer::new(exported.traces.clone()))
            .with(RecordLayer::new(&exported.logs))
            .with(fmt::layer().with_writer(Written::default()));
        under(subscriber, || {
            info_span!("info").in_scope(|| {
                info!("said");
                tracing::debug_span!("debug").in_scope(|| ());
            });
        });
        let names: Vec<_> = exported.spans().into_iter().map(|it| it.name).collect();
        assert_eq!(names, spans);
        assert_eq!(exported.records().len(), records);
    }
}

#[test]
fn filters_of_single_layers_are_theirs() {
    let (exported, written) = (Exported::new(), Written::default());
    let counted = Counted::default();
    let lines = fmt::layer().with_ansi(false).with_writer(written.clone());
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(exported.traces.clone()))
        .with(RecordLayer::new(&exported.logs))
        .with(counted.clone().with_filter(LevelFilter::WARN))
        .with(lines.with_filter(LevelFilter::WARN));
    under(subscriber, || {
        info_span!("info").in_scope(|| {
            info!("said");
            tracing::warn!("warned");
        });
    });
    assert_eq!(exported.spans().len(), 1);
    assert_eq!(exported.records().len(), 2);
    assert_eq!(counted.numbers(), (0, 0));
    assert_eq!(written.text().lines().count(), 1, "{}", written.text());
}
