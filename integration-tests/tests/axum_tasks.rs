//! The places where, by axum's README, the context has to be taken along.

#![allow(
    clippy::expect_used,
    reason = "helpers of tests fail by panicking, too"
)]

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use integration_tests::apps::axum::serve;
use integration_tests::observed::spans_of;
use integration_tests::wire::Socket;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, SpanKind, Tracer, TracerProvider};
use opentelemetry_sdk::trace::SdkTracer;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use otel_propagation::{spawn_blocking_with_context, spawn_with_context};

#[tokio::test]
async fn what_goes_on_elsewhere_is_a_child_of_the_request() {
    for path in ["/task", "/blocking", "/upgrade"] {
        let capture = Capture::new();
        let config = ServerConfig::new().providers(capture.providers());
        let router = Router::new()
            .route("/task", get(task))
            .route("/blocking", get(blocking))
            .route("/upgrade", get(upgrade))
            .layer(OtelLayer::with_config(config))
            .with_state(capture.tracer_provider().tracer("test"));
        let served = serve(router).await;
        let mut socket = Socket::connect(served.address()).await;
        socket.send(&request(path)).await;

        let [server] = &spans_of(&capture, SpanKind::Server, 1).await[..] else {
            panic!("one span of {path}");
        };
        let [work] = &spans_of(&capture, SpanKind::Internal, 1).await[..] else {
            panic!("one span in {path}");
        };
        assert_eq!(work.parent_span_id, server.span_context.span_id(), "{path}");
    }
}

async fn task(State(tracer): State<SdkTracer>) {
    let work = spawn_with_context(Context::current(), async move {
        drop(tracer.start("work"));
    });
    work.await.expect("no panic");
}

async fn blocking(State(tracer): State<SdkTracer>) {
    let work = spawn_blocking_with_context(Context::current(), move || {
        drop(tracer.start("work"));
    });
    work.await.expect("no panic");
}

async fn upgrade(State(tracer): State<SdkTracer>, upgrade: WebSocketUpgrade) -> Response {
    let context = Context::current();
    upgrade.on_upgrade(|socket| talk(socket, tracer).with_context(context))
}

async fn talk(socket: WebSocket, tracer: SdkTracer) {
    drop(tracer.start("work"));
    drop(socket);
}

fn request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}
