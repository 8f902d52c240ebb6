//! Events outside of any span, and subscribers of the test's own.

use otel_tracing_bridge::{ContextSubscriber, RecordLayer, SpanLayer};
use tracing::{debug, debug_span, info, info_span, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::request::{GLOBAL, assert_child, check};

#[test]
fn an_event_outside_of_any_tracing_span_has_the_ids_of_the_place() {
    check(
        || Box::pin(async { info!("said") }),
        |seen| {
            let [record] = &seen.records[..] else {
                panic!("{:#?}", seen.records);
            };
            let ids = record.trace_context().expect("ids");
            assert_eq!(ids.span_id, seen.place.span_context.span_id());
        },
    );
}

#[test]
fn an_event_outside_of_any_request_has_no_ids() {
    let global = &*GLOBAL;
    info!("outside of any request");
    let records = global.logs.get_emitted_logs().expect("logs");
    let is_it = |body: &opentelemetry::logs::AnyValue| *body == "outside of any request".into();
    let mut records = records.iter().map(|record| &record.record);
    let record = records.find(|it| it.body().is_some_and(is_it));
    assert_eq!(record.expect("a record").trace_context(), None);
}

/// A subscriber for this thread, with a filter for each layer.
#[test]
fn filters_of_single_layers_under_the_subscriber_of_a_test() {
    let spans = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("shop", LevelFilter::DEBUG);
    let span_layer = SpanLayer::new(GLOBAL.capture.tracer_provider().clone());
    let record_layer = RecordLayer::new(&GLOBAL.logger_provider);
    let subscriber = tracing_subscriber::registry()
        .with(span_layer.with_filter(spans))
        .with(record_layer.with_filter(LevelFilter::WARN));
    let _default = ContextSubscriber::new(subscriber).set_default();
    check(
        || {
            Box::pin(async {
                let _ = log::log_enabled!(log::Level::Debug);
                info_span!("outer").in_scope(|| {
                    info!("too quiet");
                    debug_span!("hidden").in_scope(|| {
                        debug_span!(target: "shop", "inner").in_scope(|| {
                            debug!(target: "shop", "too quiet, too");
                            warn!("loud enough");
                        });
                    });
                });
            })
        },
        |seen| {
            assert_eq!(seen.spans.len(), 2, "{:#?}", seen.spans);
            assert_child(seen.named("outer"), &seen.place);
            let inner = seen.named("inner");
            assert_child(inner, seen.named("outer"));
            let [record] = &seen.records[..] else {
                panic!("{:#?}", seen.records);
            };
            let ids = record.trace_context().expect("ids");
            assert_eq!(ids.span_id, inner.span_context.span_id());
        },
    );
}
