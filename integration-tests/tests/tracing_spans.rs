//! Spans of the `tracing` crate and ours nest in either direction.

#![allow(clippy::expect_used)]

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use integration_tests::apps::peer::Peer;
use integration_tests::observed::spans_of;
use opentelemetry::trace::{SpanKind, TracerProvider};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use otel_middleware_reqwest::{ClientConfig, OtelMiddleware};
use reqwest_middleware::ClientBuilder;
use tower::{Layer, ServiceExt, service_fn};
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Subscriber, info_span};
use tracing_subscriber::layer::SubscriberExt;

fn subscriber(capture: &Capture) -> impl Subscriber + Send + Sync + use<> {
    let tracer = capture.tracer_provider().tracer("tracing");
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    tracing_subscriber::registry().with(layer)
}

fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id());
    assert_eq!(
        child.span_context.trace_id(),
        parent.span_context.trace_id()
    );
}

#[tokio::test]
async fn a_tracing_span_in_a_handler_is_the_server_spans_child() {
    let capture = Capture::new();
    let handler = service_fn(|_: Request<()>| {
        let work = async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        };
        work.instrument(info_span!("work"))
    });
    let config = ServerConfig::new().telemetry(capture.telemetry());
    let service = OtelLayer::with_config(config).layer(handler);
    let traceparent = "00-00000000000000000000000000000123-0000000000000456-01";
    let request = Request::get("/")
        .header("traceparent", traceparent)
        .body(());
    service
        .oneshot(request.expect("a request"))
        .with_subscriber(subscriber(&capture))
        .await
        .expect("a response");
    let server = spans_of(&capture, SpanKind::Server, 1).await.remove(0);
    let work = spans_of(&capture, SpanKind::Internal, 1).await.remove(0);
    assert_eq!(work.name, "work");
    assert_eq!(server.parent_span_id.to_string(), "0000000000000456");
    assert_child(&work, &server);
}

#[tokio::test]
async fn a_request_inside_of_a_tracing_span_is_its_child() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let config = ClientConfig::new().telemetry(capture.telemetry());
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(OtelMiddleware::with_config(config))
        .build();
    async {
        let request = client.get(format!("http://{}/success", peer.address()));
        let answer = request.send().instrument(info_span!("work")).await;
        answer.expect("an answer");
    }
    .with_subscriber(subscriber(&capture))
    .await;
    let client = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
    let work = spans_of(&capture, SpanKind::Internal, 1).await.remove(0);
    assert_eq!(work.name, "work");
    assert_child(&client, &work);
}
