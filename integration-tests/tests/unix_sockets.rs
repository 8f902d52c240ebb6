//! Unix domain sockets: the server is the path, whatever host a request names.

#![cfg(unix)]
#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};

use axum::Router;
use axum::routing::get;
use futures_util::stream;
use integration_tests::apps::Controller;
use integration_tests::apps::greeter::GreeterClient;
use integration_tests::apps::tonic::routes;
use integration_tests::observed::spans_of;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::OtelLayer;
use otel_middleware_reqwest::{ClientConfig, OtelMiddleware};
use otel_middleware_tonic::{OtelClientLayer, OtelServerLayer, ServerConfig};
use tokio::net::UnixListener;
use tonic::transport::{Endpoint, Server};
use tower::ServiceBuilder;

#[tokio::test]
async fn a_request_over_a_socket_names_its_path() {
    let socket = Socket::new("request");
    let capture = Capture::new();
    let server = ServerConfig::new()
        .unix_socket(socket.text())
        .providers(capture.providers());
    let app = Router::new()
        .route("/", get(|| async {}))
        .layer(OtelLayer::with_config(server));
    let serving = tokio::spawn(axum::serve(socket.listen(), app).into_future());
    let config = ClientConfig::new()
        .unix_socket(socket.text())
        .providers(capture.providers());
    let client = reqwest::Client::builder()
        .unix_socket(socket.0.as_path())
        .build()
        .expect("a client");
    let client = reqwest_middleware::ClientBuilder::new(client)
        .with(OtelMiddleware::with_config(config))
        .build();

    let answer = client.get("http://localhost/").send().await;

    assert_eq!(answer.expect("an answer").status(), 200);
    for kind in [SpanKind::Client, SpanKind::Server] {
        let span = spans_of(&capture, kind, 1).await.remove(0);
        assert_eq!(server_of(&span), (Some(socket.text()), None));
    }
    serving.abort();
}

#[tokio::test]
async fn a_call_over_a_socket_names_its_path_or_nothing() {
    for is_configured in [true, false] {
        let socket = Socket::new("call");
        let capture = Capture::new();
        let mut config = ServerConfig::new().providers(capture.providers());
        if is_configured {
            config = config.unix_socket(socket.text());
        }
        let listener = socket.listen();
        let connections = stream::unfold(listener, |listener| async {
            let accepted = listener.accept().await.map(|(stream, _)| stream);
            Some((accepted, listener))
        });
        let serving = Server::builder()
            .layer(OtelServerLayer::with_config(config))
            .add_routes(routes(Controller::new(&capture)))
            .serve_with_incoming(connections);
        let serving = tokio::spawn(serving);
        let endpoint = Endpoint::from_shared(format!("unix://{}", socket.text()));
        let config = ClientConfig::new().providers(capture.providers());
        let channel = ServiceBuilder::new()
            .layer(OtelClientLayer::with_config(config).server(&socket.text(), None))
            .service(endpoint.expect("an endpoint").connect_lazy());

        let answer = GreeterClient::new(channel).say_hello("a".to_owned()).await;

        answer.expect("an answer");
        let client = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
        assert_eq!(server_of(&client), (Some(socket.text()), None));
        let server = spans_of(&capture, SpanKind::Server, 1).await.remove(0);
        let path = is_configured.then(|| socket.text());
        assert_eq!(server_of(&server), (path, None));
        serving.abort();
    }
}

fn server_of(span: &SpanData) -> (Option<String>, Option<String>) {
    let value = |key| {
        let mut attributes = span.attributes.iter();
        let found = attributes.find(|it| it.key.as_str() == key);
        found.map(|it| it.value.to_string())
    };
    (value("server.address"), value("server.port"))
}

/// The path of a socket, which is removed on drop.
struct Socket(PathBuf);

impl Socket {
    fn new(name: &str) -> Self {
        let name = format!("otel-middleware-{name}-{}.sock", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn listen(&self) -> UnixListener {
        UnixListener::bind(&self.0).expect("a socket")
    }

    fn text(&self) -> String {
        Path::to_string_lossy(&self.0).into_owned()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
