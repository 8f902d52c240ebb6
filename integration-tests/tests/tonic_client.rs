//! tonic's client against servers that behave as tonic's never does, and without a server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use integration_tests::apps::greeter::GreeterClient;
use integration_tests::contract::rpc::{Expected, endpoint, greeter};
use integration_tests::observed::{only_point, spans_of};
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_middleware_tonic::{ClientConfig, OtelClientLayer};
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tower::ServiceBuilder;

const SAY_HELLO: &str = "example.Greeter/SayHello";
const EXPAND: &str = "example.Greeter/Expand";

/// A server's answer: an HTTP status, headers, whether there is a message, and the trailers.
#[derive(Clone, Copy)]
struct Answer {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    message: bool,
    trailers: &'static [(&'static str, &'static str)],
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

async fn server(answer: Answer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(move |_| async move { Ok::<_, Infallible>(respond(answer)) });
            let connection = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

fn respond(
    answer: Answer,
) -> Response<StreamBody<impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>>>> {
    let map = |entries: &[(&'static str, &'static str)]| {
        let entry = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )
        };
        entries.iter().map(entry).collect::<HeaderMap>()
    };
    let mut frames = Vec::new();
    if answer.message {
        frames.push(Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x02hi"))));
    }
    if !answer.trailers.is_empty() {
        frames.push(Ok(Frame::trailers(map(answer.trailers))));
    }
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)));
    *response.status_mut() = answer.status.try_into().unwrap();
    *response.headers_mut() = map(answer.headers);
    response
}

/// GR-06, GR-28: code and status of the span are those that the caller sees.
#[tokio::test]
async fn every_answer_ends_with_a_code() {
    let plain = Answer {
        status: 200,
        headers: &[GRPC],
        message: true,
        trailers: &[],
    };
    let head = |headers| Answer {
        headers,
        message: false,
        ..plain
    };
    let trailers = |trailers| Answer { trailers, ..plain };
    let status = |status| Answer {
        status,
        headers: &[("content-type", "text/html")],
        message: false,
        ..plain
    };
    let cases = [
        (trailers(&[("grpc-status", "0")]), "OK"),
        // A Content-Length does not exclude trailers.
        (
            Answer {
                headers: &[GRPC, ("content-length", "7")],
                ..trailers(&[("grpc-status", "13")])
            },
            "INTERNAL",
        ),
        (trailers(&[("grpc-status", "5")]), "NOT_FOUND"),
        (trailers(&[("grpc-status", "9999")]), "CODE(9999)"),
        (trailers(&[("grpc-status", "nonsense")]), "UNKNOWN"),
        (trailers(&[("x-other", "1")]), "UNKNOWN"),
        (plain, "UNKNOWN"),
        (head(&[GRPC, ("grpc-status", "5")]), "NOT_FOUND"),
        (head(&[GRPC, ("grpc-status", "9999")]), "CODE(9999)"),
        (head(&[GRPC]), "UNKNOWN"),
        (status(400), "INTERNAL"),
        (status(401), "UNAUTHENTICATED"),
        (status(403), "PERMISSION_DENIED"),
        (status(404), "UNIMPLEMENTED"),
        (status(429), "UNAVAILABLE"),
        (status(500), "UNKNOWN"),
        (status(503), "UNAVAILABLE"),
    ];
    for (answer, expected) in cases {
        let capture = Capture::new();
        let address = server(answer).await;
        let config = ClientConfig::new().providers(capture.providers());
        let called = greeter(address, config).say_hello("a".to_owned()).await;

        let span = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
        assert_eq!(attribute(&span, "rpc.status_code"), expected);
        let label = if expected == "CODE(9999)" {
            "_OTHER"
        } else {
            expected
        };
        let point = only_point(&capture, "rpc.client.call.duration");
        assert_eq!(point.labels["rpc.status_code"].as_str(), label);
        assert_eq!(called.is_ok(), expected == "OK", "{called:?}");
        if expected != "OK" {
            assert_eq!(attribute(&span, "error.type"), label);
            assert_eq!(point.labels["error.type"].as_str(), label);
        }
    }
}

/// If a part of the status cannot be read, the call does not fail, and the message is decoded.
#[tokio::test]
async fn messages_go_to_the_span_only() {
    let answer = Answer {
        status: 200,
        headers: &[GRPC, ("grpc-status", "13"), ("grpc-message", "caf%C3%A9")],
        message: false,
        trailers: &[],
    };
    let capture = Capture::new();
    let address = server(answer).await;
    let config = ClientConfig::new().providers(capture.providers());
    let called = greeter(address, config).say_hello("a".to_owned()).await;

    assert_eq!(called.unwrap_err().message(), "caf\u{e9}");
    let span = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
    let expected = Expected::call(SAY_HELLO, "INTERNAL", "caf\u{e9}");
    expected.assert_client(&capture, address, &span);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let capture = Capture::new();
    let config = ClientConfig::new().providers(capture.providers());

    let called = greeter(address, config).say_hello("a".to_owned()).await;

    let status = called.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let span = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
    assert_eq!(attribute(&span, "rpc.status_code"), "UNAVAILABLE");
    assert_eq!(attribute(&span, "error.type"), "UNAVAILABLE");
    let description = opentelemetry::trace::Status::error(status.message().to_owned());
    assert_eq!(span.status, description);
}

/// GR-27, GR-31: the server's deadline comes first, and it resets the stream before or after the
/// head.
#[tokio::test]
async fn a_reset_at_the_deadline_is_the_deadline() {
    let short = Duration::from_millis(200);
    let long = Duration::from_secs(60);
    for (method, has_head) in [(SAY_HELLO, false), (SAY_HELLO, true), (EXPAND, true)] {
        for (timeout, waits, expected) in [
            (Some(short), short, "DEADLINE_EXCEEDED"),
            (Some(long), Duration::ZERO, "CANCELLED"),
            (None, short, "CANCELLED"),
        ] {
            let capture = Capture::new();
            let address = resetting(waits, has_head).await;
            let mut request = tonic::Request::new("a".to_owned());
            if let Some(timeout) = timeout {
                request.set_timeout(timeout);
            }
            let endpoint = endpoint(address);
            let config = ClientConfig::new().providers(capture.providers());
            let layer = OtelClientLayer::with_config(config).endpoint(&endpoint);
            let channel = ServiceBuilder::new()
                .layer(layer)
                // The client's clock is slow.
                .map_request(|mut request: http::Request<tonic::body::Body>| {
                    request.headers_mut().remove("grpc-timeout");
                    request
                })
                .service(endpoint.connect_lazy());
            let mut greeter = GreeterClient::new(channel);
            let code = if method == EXPAND {
                let mut answers = greeter.expand(request).await.unwrap().into_inner();
                answers.message().await.unwrap_err().code()
            } else {
                greeter.say_hello(request).await.unwrap_err().code()
            };

            let span = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
            let point = only_point(&capture, "rpc.client.call.duration");
            assert_eq!(code, Code::Cancelled);
            assert_eq!(attribute(&span, "rpc.status_code"), "CANCELLED");
            assert_eq!(
                attribute(&span, "error.type"),
                expected,
                "{method} {timeout:?}"
            );
            assert_eq!(point.labels["error.type"].as_str(), expected);
        }
    }
}

/// A server that resets every stream after a while, which may be after the head.
async fn resetting(after: Duration, has_head: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut answer))) = connection.accept().await {
                tokio::spawn(async move {
                    let mut body = None;
                    if has_head {
                        let head = Response::builder().header(GRPC.0, GRPC.1).body(()).unwrap();
                        body = Some(answer.send_response(head, false).unwrap());
                    }
                    tokio::time::sleep(after).await;
                    match &mut body {
                        Some(body) => body.send_reset(h2::Reason::CANCEL),
                        None => answer.send_reset(h2::Reason::CANCEL),
                    }
                });
            }
        }
    });
    address
}

/// GR-23: the target is recorded, whatever the channel is connected to.
#[tokio::test]
async fn the_target_is_the_server() {
    let https = Endpoint::from_static("https://greeter.example");
    let unix = Endpoint::from_static("unix:///run/greeter.sock");
    let layer = OtelClientLayer::with_config;
    let cases = [
        (layer as fn(_) -> _, None, None),
        (
            |it| OtelClientLayer::with_config(it).server("greeter", 1),
            Some("greeter"),
            Some(1),
        ),
        (
            |it| OtelClientLayer::with_config(it).server("greeter", None),
            Some("greeter"),
            None,
        ),
        (
            |it| OtelClientLayer::with_config(it).server("::1", 1),
            Some("::1"),
            Some(1),
        ),
        (
            |it| OtelClientLayer::with_config(it).server("[::1]", 1),
            Some("::1"),
            Some(1),
        ),
        (
            |it| OtelClientLayer::with_config(it).server("/run/greeter.sock", None),
            Some("/run/greeter.sock"),
            None,
        ),
        (
            |it| OtelClientLayer::with_config(it).server("dns:///greeter:1", None),
            Some("greeter"),
            Some(1),
        ),
        (
            |it| OtelClientLayer::with_config(it).server("zk://zookeeper:2181/greeter", None),
            Some("zk://zookeeper:2181/greeter"),
            None,
        ),
    ];
    for (layer, address, port) in cases {
        assert_target(layer, address, port).await;
    }
    let endpoint = https.clone();
    let layer = move |it| OtelClientLayer::with_config(it).endpoint(&endpoint);
    assert_target(layer, Some("greeter.example"), Some(443)).await;
    let layer = move |it| OtelClientLayer::with_config(it).endpoint(&unix);
    assert_target(layer, None, None).await;
}

async fn assert_target(
    layer: impl FnOnce(ClientConfig) -> OtelClientLayer,
    address: Option<&str>,
    port: Option<i64>,
) {
    let capture = Capture::new();
    let server = server(Answer {
        status: 200,
        headers: &[GRPC],
        message: true,
        trailers: &[("grpc-status", "0")],
    })
    .await;
    // Balanced over one server, with an interceptor on top.
    let channel = ServiceBuilder::new()
        .layer(layer(ClientConfig::new().providers(capture.providers())))
        .service(Channel::balance_list([endpoint(server)].into_iter()));
    let intercepted = tonic::service::interceptor::InterceptedService::new(channel, Ok);
    let mut client = GreeterClient::new(intercepted);
    client.say_hello("a".to_owned()).await.unwrap();

    let span = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
    let attributes = by_name(&span.attributes);
    let found = |key| attributes.iter().find(|(name, _)| name == key);
    let found_address = found("server.address").map(|(_, value)| value.to_string());
    assert_eq!(found_address.as_deref(), address);
    let found_port = found("server.port").map(|(_, value)| value.to_string());
    assert_eq!(found_port, port.map(|port| port.to_string()));
}

/// Exporters use gRPC, too.
#[tokio::test]
async fn suppressed_calls_pass_straight_through() {
    use opentelemetry::Context;
    use opentelemetry::context::FutureExt;

    let capture = Capture::new();
    let address = server(Answer {
        status: 200,
        headers: &[GRPC],
        message: true,
        trailers: &[("grpc-status", "0")],
    })
    .await;
    let config = ClientConfig::new().providers(capture.providers());
    let mut greeter = greeter(address, config);
    let suppressed = Context::new().with_telemetry_suppressed();
    let called = greeter.say_hello("a".to_owned()).with_context(suppressed);
    called.await.unwrap();

    integration_tests::observed::assert_nothing(&capture);
}

fn attribute(span: &SpanData, key: &str) -> String {
    let mut found = span.attributes.iter().filter(|it| it.key.as_str() == key);
    let value = found.next().expect(key).value.to_string();
    assert_eq!(found.next(), None, "{key} is there twice");
    value
}
