//! tonic among others: one trace from reqwest over axum to tonic, a shared port, grpc-web,
//! interceptors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use http::Request as HttpRequest;
use http_body_util::BodyExt;
use integration_tests::apps::Controller;
use integration_tests::apps::axum::serve;
use integration_tests::apps::greeter::GreeterClient;
use integration_tests::apps::tonic::{GreeterServer, routes, serve_routes};
use integration_tests::contract::rpc::{endpoint, greeter};
use integration_tests::contract::server::Served;
use integration_tests::observed::spans_of;
use opentelemetry::Context;
use opentelemetry::trace::{SpanId, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::OtelLayer;
use otel_middleware_reqwest::OtelMiddleware;
use otel_middleware_tonic::{
    ClientConfig, OtelServerLayer, ServerConfig, extract_context, inject_context,
};
use reqwest_middleware::ClientBuilder;
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::{Code, Status};
use tonic_web::{GrpcWebClientLayer, GrpcWebLayer};
use tower::{Layer, ServiceBuilder, ServiceExt};

fn server_layer(capture: &Capture) -> OtelServerLayer {
    OtelServerLayer::with_config(ServerConfig::new().providers(capture.providers()))
}

fn client(capture: &Capture) -> ClientConfig {
    ClientConfig::new().providers(capture.providers())
}

fn name(span: &SpanData) -> &str {
    span.name.as_ref()
}

/// reqwest → axum → tonic's client → tonic's server, where axum and tonic share a port: each span
/// is the child of the one before, and the RPC's server span that of the HTTP request that it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_and_grpc_on_one_port_make_one_trace() {
    let capture = Capture::new();
    let config = client(&capture);
    let onward = async move |address: String| {
        let address = address.parse().unwrap();
        let answer = greeter(address, config).say_hello("a".to_owned()).await;
        answer.unwrap().into_inner()
    };
    let router = Router::new()
        .route(
            "/hello",
            post(async move |address: String| onward(address).await),
        )
        .merge(routes(Controller::new(&capture)).into_axum_router())
        .layer(server_layer(&capture))
        .layer(OtelLayer::with_config(
            ServerConfig::new().providers(capture.providers()),
        ));
    let served = serve(router).await;

    let http = ClientBuilder::new(reqwest::Client::new())
        .with(OtelMiddleware::with_config(client(&capture)))
        .build();
    let answer = http
        .post(format!("http://{}/hello", served.address()))
        .body(served.address().to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), "Hello a");

    let clients = spans_of(&capture, SpanKind::Client, 2).await;
    let servers = spans_of(&capture, SpanKind::Server, 3).await;
    let find = |spans: &[SpanData], wanted: &str| {
        let mut found = spans.iter().filter(|span| span.name == wanted).cloned();
        let span = found
            .next()
            .unwrap_or_else(|| panic!("no {wanted}: {spans:#?}"));
        assert!(found.next().is_none(), "{wanted} twice");
        span
    };
    let chain = [
        find(&clients, "POST"),
        find(&servers, "POST /hello"),
        find(&clients, "example.Greeter/SayHello"),
        find(&servers, "POST /example.Greeter/{*rest}"),
        find(&servers, "example.Greeter/SayHello"),
    ];
    assert_eq!(chain[0].parent_span_id, SpanId::INVALID);
    for pair in chain.windows(2) {
        assert_eq!(
            pair[1].parent_span_id,
            pair[0].span_context.span_id(),
            "{}",
            name(&pair[1])
        );
        assert_eq!(
            pair[1].span_context.trace_id(),
            pair[0].span_context.trace_id()
        );
    }
}

/// The layer ignores what is not gRPC.
#[tokio::test]
async fn requests_that_are_not_grpc_pass_through() {
    let capture = Capture::new();
    let router = Router::new()
        .route("/", get("page").post("posted"))
        .layer(server_layer(&capture));
    let get = HttpRequest::get("/").body(axum::body::Body::empty());
    let post = HttpRequest::post("/")
        .header("content-type", "application/json")
        .body(axum::body::Body::empty());
    for request in [get, post] {
        let response = router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    integration_tests::observed::assert_nothing(&capture);
}

/// A layer around one service only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_can_have_a_layer_of_its_own() {
    let capture = Capture::new();
    let controller = Controller::new(&capture);
    let service = server_layer(&capture).layer(GreeterServer { controller });
    let served = serve_routes(Server::builder(), Routes::new(service)).await;

    let mut client = greeter(served.address(), client(&capture));
    client.say_hello("a".to_owned()).await.unwrap();

    let (client, server) = (
        spans_of(&capture, SpanKind::Client, 1).await.remove(0),
        spans_of(&capture, SpanKind::Server, 1).await.remove(0),
    );
    assert_eq!(server.parent_span_id, client.span_context.span_id());
}

/// The layer sees gRPC on either side of the translation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_web_is_grpc() {
    let server = || Server::builder().accept_http1(true);
    let capture = Capture::new();
    let inside = server()
        .layer(GrpcWebLayer::new())
        .layer(server_layer(&capture));
    let served = serve_routes(inside, routes(Controller::new(&capture))).await;
    assert_web(&capture, &served).await;

    let capture = Capture::new();
    let outside = server()
        .layer(server_layer(&capture))
        .layer(GrpcWebLayer::new());
    let served = serve_routes(outside, routes(Controller::new(&capture))).await;
    assert_web(&capture, &served).await;
}

async fn assert_web(capture: &Capture, served: &Served) {
    let http = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http();
    let layer = otel_middleware_tonic::OtelClientLayer::with_config(client(capture));
    let channel = ServiceBuilder::new()
        .layer(layer.endpoint(&endpoint(served.address())))
        .layer(GrpcWebClientLayer::new())
        .service(http);
    let origin = format!("http://{}", served.address()).parse().unwrap();
    let mut client = GreeterClient::with_origin(channel, origin);
    client.say_hello("a".to_owned()).await.unwrap();
    let failed = client.say_hello("status:5:gone".to_owned()).await;
    assert_eq!(failed.unwrap_err().code(), Code::NotFound);

    for kind in [SpanKind::Client, SpanKind::Server] {
        let spans = spans_of(capture, kind, 2).await;
        for (span, code) in spans.iter().zip(["OK", "NOT_FOUND"]) {
            assert_eq!(name(span), "example.Greeter/SayHello");
            let is_code = |it: &&opentelemetry::KeyValue| it.key.as_str() == "rpc.status_code";
            let found = span.attributes.iter().find(is_code).unwrap();
            assert_eq!(found.value.as_str(), code);
        }
    }
}

/// Interceptors pass the context on without any span.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interceptors_only_pass_the_context_on() {
    let capture = Capture::new();
    let seen = Arc::<Mutex<Vec<Context>>>::default();
    let remember = seen.clone();
    let interceptor = move |request: tonic::Request<()>| {
        let request = extract_context(request)?;
        let context = request.extensions().get::<Context>().cloned();
        remember.lock().unwrap().extend(context);
        Ok::<_, Status>(request)
    };
    let controller = Controller::new(&Capture::new());
    let service = InterceptedService::new(GreeterServer { controller }, interceptor);
    let served = serve_routes(Server::builder(), Routes::new(service)).await;
    let channel = endpoint(served.address()).connect_lazy();
    let mut client = GreeterClient::new(InterceptedService::new(channel, inject_context));

    let tracer = capture.tracer_provider().tracer("test");
    let parent = Context::new().with_span(tracer.start("parent"));
    let sent = parent.span().span_context().clone();
    let mut request = tonic::Request::new("a".to_owned());
    request.extensions_mut().insert(parent);
    client.say_hello(request).await.unwrap();

    let seen = seen.lock().unwrap().remove(0);
    assert_eq!(seen.span().span_context().span_id(), sent.span_id());
    assert!(seen.span().span_context().is_remote());
}

/// GR-26: if an interceptor refuses every call, clients cannot invent labels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_calls_make_no_labels() {
    let capture = Capture::new();
    let controller = Controller::new(&capture);
    let codes = [Code::Unauthenticated, Code::InvalidArgument, Code::Internal];
    let next = Arc::new(AtomicUsize::new(0));
    let refuse = move |_: tonic::Request<()>| {
        let code = codes[next.fetch_add(1, Ordering::Relaxed) % codes.len()];
        Err::<tonic::Request<()>, _>(Status::new(code, "no"))
    };
    let service = InterceptedService::new(GreeterServer { controller }, refuse);
    let server = Server::builder().layer(server_layer(&capture));
    let served = serve_routes(server, Routes::new(service)).await;
    let mut client = GreeterClient::new(endpoint(served.address()).connect_lazy());
    for number in 0..50 {
        let path = format!("/example.Greeter/Method{number}");
        let called = client.call(&path, "a").await;
        assert_eq!(called.unwrap_err().code(), codes[number % codes.len()]);
    }

    spans_of(&capture, SpanKind::Server, 50).await;
    // One series for each code, not for each method.
    assert_eq!(
        capture.points("rpc.server.call.duration").len(),
        codes.len()
    );
}

/// A request without a connection, as in benchmarks and unit tests.
#[tokio::test]
async fn a_bare_service_is_recorded_too() {
    let capture = Capture::new();
    let controller = Controller::new(&capture);
    let service = server_layer(&capture).layer(Routes::new(GreeterServer { controller }));
    let message = bytes::Bytes::from_static(b"\0\0\0\0\x01a");
    let request = HttpRequest::post("http://greeter.example/example.Greeter/SayHello")
        .body(tonic::body::Body::new(http_body_util::Full::new(message)))
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    let collected = response.into_body().collect().await.unwrap();
    assert!(collected.trailers().is_some());

    let span = spans_of(&capture, SpanKind::Server, 1).await.remove(0);
    assert_eq!(name(&span), "example.Greeter/SayHello");
}
