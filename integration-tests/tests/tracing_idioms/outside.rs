//! Events outside of any span, and subscribers that are the test's own.

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use otel_tracing_bridge::{ContextSubscriber, RecordLayer, SpanLayer};
use tower::{Layer as _, ServiceExt, service_fn};
use tracing::{debug, debug_span, info, info_span};
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
#[tokio::test]
async fn filters_of_single_layers_under_the_subscriber_of_a_test() {
    let (capture, logs) = (Capture::new(), InMemoryLogExporter::default());
    let provider = SdkLoggerProvider::builder()
        .with_simple_exporter(logs.clone())
        .build();
    let spans = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("shop", LevelFilter::DEBUG);
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(capture.tracer_provider().clone()).with_filter(spans))
        .with(RecordLayer::new(&provider).with_filter(LevelFilter::WARN));
    let _default = ContextSubscriber::new(subscriber).set_default();

    let config = ServerConfig::new().telemetry(capture.telemetry());
    let handler = service_fn(async |_: http::Request<axum::body::Body>| {
        let _ = log::log_enabled!(log::Level::Debug);
        info_span!("outer").in_scope(|| {
            info!("too quiet");
            debug_span!("hidden").in_scope(|| {
                debug_span!(target: "shop", "inner").in_scope(|| {
                    debug!(target: "shop", "too quiet, too");
                    tracing::warn!("loud enough");
                });
            });
        });
        Ok::<_, std::convert::Infallible>(http::Response::new(axum::body::Body::empty()))
    });
    let request = http::Request::new(axum::body::Body::empty());
    let service = OtelLayer::with_config(config).layer(handler);
    drop(service.oneshot(request).await.expect("a response"));

    let spans = capture.spans();
    assert_eq!(spans.len(), 3, "{spans:#?}");
    let named = |name| spans.iter().find(|span| span.name == name).expect(name);
    let server = spans.iter().find(|span| span.span_kind == SpanKind::Server);
    assert_child(named("outer"), server.expect("a server span"));
    assert_child(named("inner"), named("outer"));
    let records = logs.get_emitted_logs().expect("logs");
    assert_eq!(records.len(), 1);
    let ids = records[0].record.trace_context().expect("ids");
    assert_eq!(ids.span_id, named("inner").span_context.span_id());
}
