//! Clients and servers in one process, which pass whole requests on: the mark of a recorded request
//! must not switch the other side off.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use integration_tests::apps::Controller;
use integration_tests::apps::greeter::GreeterClient;
use integration_tests::apps::tonic::routes;
use integration_tests::observed::spans_of;
use opentelemetry::trace::{SpanId, SpanKind};
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::OtelLayer;
use otel_middleware_tonic::{ClientConfig, OtelClientLayer, OtelServerLayer, ServerConfig};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

fn server_layer(capture: &Capture) -> OtelServerLayer {
    OtelServerLayer::with_config(ServerConfig::new().providers(capture.providers()))
}

fn client_layer(capture: &Capture) -> OtelClientLayer {
    OtelClientLayer::with_config(ClientConfig::new().providers(capture.providers()))
}

/// client → server, a proxy that passes the request on with its extensions → client → server.
#[tokio::test]
async fn request_that_is_passed_on_has_a_span_on_each_side() {
    let capture = Capture::new();
    let behind = ServiceBuilder::new()
        .layer(client_layer(&capture))
        .layer(server_layer(&capture))
        .service(routes(Controller::new(&capture)));
    let proxy = service_fn(move |request| behind.clone().oneshot(request));
    let channel = ServiceBuilder::new()
        .layer(client_layer(&capture))
        .layer(server_layer(&capture))
        .service(proxy);
    let answer = GreeterClient::new(channel).say_hello("a".to_owned()).await;
    assert_eq!(answer.unwrap().into_inner(), "Hello a");

    let clients = spans_of(&capture, SpanKind::Client, 2).await;
    let servers = spans_of(&capture, SpanKind::Server, 2).await;
    let spans: Vec<_> = clients.iter().chain(&servers).collect();
    let mut parent = SpanId::INVALID;
    for kind in [
        SpanKind::Client,
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Server,
    ] {
        let mut below = spans.iter().filter(|span| span.parent_span_id == parent);
        let span = below.next().expect("a span below");
        assert_eq!(span.span_kind, kind);
        assert_eq!(below.next(), None);
        parent = span.span_context.span_id();
    }
}

/// A client makes a new request: an HTTP server of the same process has its own span, and the RPC's
/// span is its child.
#[tokio::test]
async fn request_that_is_passed_on_is_an_http_request_again() {
    let capture = Capture::new();
    let http = OtelLayer::with_config(ServerConfig::new().providers(capture.providers()));
    let behind = routes(Controller::new(&capture))
        .into_axum_router()
        .layer(server_layer(&capture))
        .layer(http.clone());
    let behind = client_layer(&capture).layer(behind);
    let proxy = service_fn(move |request| behind.clone().oneshot(request));
    let channel = ServiceBuilder::new().layer(http).service(proxy);
    let answer = GreeterClient::new(channel).say_hello("a".to_owned()).await;
    assert_eq!(answer.unwrap().into_inner(), "Hello a");

    let client = &spans_of(&capture, SpanKind::Client, 1).await[0];
    let servers = spans_of(&capture, SpanKind::Server, 3).await;
    let below = |id| servers.iter().filter(move |span| span.parent_span_id == id);
    let proxy = below(SpanId::INVALID).next().expect("the proxy");
    assert_eq!(client.parent_span_id, proxy.span_context.span_id());
    let http = below(client.span_context.span_id())
        .next()
        .expect("HTTP behind");
    assert_eq!(below(http.span_context.span_id()).count(), 1);
}
