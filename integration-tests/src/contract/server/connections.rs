//! The versions of HTTP, and requests that share a connection.

use std::collections::HashSet;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use opentelemetry::trace::SpanKind;

use super::{Expected, Running, ServerApp, request};
use crate::observed::{only_point, spans_of};
use crate::wire::{Http2, Socket, exchange};

/// Only the request line: what was not sent is absent, not empty.
pub async fn http_1_0_has_its_version(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, answer) = exchange(running.address(), "GET /success HTTP/1.0\r\n\r\n").await;
    assert!(answer.ends_with("success"), "{answer}");
    let expected = Expected {
        version: "1.0",
        server: None,
        user_agent: None,
        ..Expected::get("/success")
    };
    running.expect(client, &expected).await;
}

/// Two requests are written before the first is answered.
pub async fn requests_share_a_connection(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    let last = request("GET /success", &[]);
    let first = last.replace("Connection: close\r\n", "");
    socket.send(first + &last).await;
    let answers = socket.read_to_end().await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");

    let capture = running.stop(2).await;
    let expected = Expected::get("/success");
    for span in spans_of(&capture, SpanKind::Server, 2).await {
        expected.span(client).assert(&span);
    }
    assert_eq!(
        only_point(&capture, "http.server.request.duration").count,
        2
    );
}

pub(super) fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("http://shop.example:8080{path}"))
        .header("user-agent", "test-user-agent")
        .body(Full::default())
        .expect("a request")
}

pub(super) fn expected(path: &'static str) -> Expected {
    Expected {
        version: "2",
        ..Expected::get(path)
    }
}

/// HS-32
pub async fn http_2_has_its_authority_and_version(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut connection = Http2::connect(running.address()).await;
    let response = connection.send(get("/success")).await.expect("a response");
    let body = response.into_body().collect().await.expect("a body");
    assert_eq!(body.to_bytes(), "success");
    let client = connection.address();
    drop(connection);
    running.expect(client, &expected("/success")).await;
}

/// HS-13: as streams of one connection, which may all run in one task.
pub async fn http_2_requests_share_a_connection(app: &impl ServerApp) {
    const REQUESTS: usize = 50;
    let running = Running::start(app).await;
    let connection = Http2::connect(running.address()).await;
    let sent = (1..=REQUESTS).map(|id| {
        let mut connection = connection.clone();
        let mut request = get("/context");
        let traceparent = format!("00-{id:032x}-{id:016x}-01");
        let traceparent = traceparent.parse().expect("a value");
        request.headers_mut().insert("traceparent", traceparent);
        async move {
            let response = connection.send(request).await.expect("a response");
            let seen = response
                .into_body()
                .collect()
                .await
                .expect("a body")
                .to_bytes();
            let seen = String::from_utf8_lossy(&seen).into_owned();
            assert!(seen.starts_with(&format!("{id:032x}-")), "{seen}");
            seen
        }
    });
    let seen: HashSet<_> = futures_util::future::join_all(sent)
        .await
        .into_iter()
        .collect();
    drop(connection);

    let capture = running.stop(REQUESTS).await;
    let spans = spans_of(&capture, SpanKind::Server, REQUESTS).await;
    let recorded = spans.iter().map(|span| {
        let context = &span.span_context;
        format!("{}-{} local", context.trace_id(), context.span_id())
    });
    assert_eq!(recorded.collect::<HashSet<_>>(), seen);
}

/// HS-20: the connection stays open.
pub async fn a_stream_that_is_reset_before_the_body_ends_cancels(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut connection = Http2::connect(running.address()).await;
    let response = connection.send(get("/endless")).await.expect("a response");
    let mut body = response.into_body();
    body.frame().await.expect("a frame").expect("no error");
    drop(body);
    spans_of(&running.capture, SpanKind::Server, 1).await;
    let client = connection.address();
    drop(connection);
    let expected = Expected {
        error: Some("cancelled"),
        ..expected("/endless")
    };
    running.expect(client, &expected).await;
}
