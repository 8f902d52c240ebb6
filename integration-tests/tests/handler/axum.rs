//! The page with axum, and its parts that do not depend on a framework.

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::BodyExt;
use integration_tests::apps::axum::serve;
use integration_tests::wire::Socket;
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SpanData;
use otel_middleware_axum::OtelLayer;
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::snippets;
use crate::spans::{CAPTURE, Watch, assert_below, assert_children, assert_declined};

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;
type Work = fn() -> Answer;

#[tokio::test]
async fn server_span_is_found_and_told() {
    for (server, _) in requests(|| answer(snippets::attribute()), 0).await {
        let attribute = KeyValue::new("shop.basket.size", 3);
        assert!(server.attributes.contains(&attribute));
    }
    for (server, _) in requests(|| answer(snippets::declined()), 0).await {
        assert_declined(&server, "the bank said no");
    }
    for (server, _) in requests(|| answer(snippets::declined_response()), 0).await {
        assert_declined(&server, "");
    }
    for (server, _) in requests(|| answer(snippets::rename()), 0).await {
        assert_eq!(server.name, "GET checkout");
    }
    requests(|| answer(snippets::count()), 0).await;
    let points = CAPTURE.points("shop.cards.declined");
    assert_eq!(points.len(), 1, "{points:?}");
}

#[tokio::test]
async fn spans_of_ones_own_are_children_of_where_they_are_made() {
    let price: Work = || answer(async { assert_eq!(snippets::price().await, 4_200) });
    let block: Work = || answer(async { assert_eq!(snippets::block().await, b"%PDF") });
    let reserve: Work = || answer(snippets::reserve());
    for (work, name) in [(reserve, "reserve"), (price, "price"), (block, "print")] {
        for (server, others) in requests(work, 1).await {
            assert_below(&server, &others, name, 1);
        }
    }
}

#[tokio::test]
async fn work_that_goes_on_elsewhere_stays_in_the_trace() {
    for (server, others) in requests(|| answer(snippets::start_a_task()), 2).await {
        assert_below(&server, &others, "reserve", 2);
    }
    let channel: Work = || {
        answer(async {
            let (sender, receiver) = mpsc::channel(1);
            let worker = tokio::spawn(snippets::work_on(receiver));
            snippets::hand_over(sender).await;
            worker.await.expect("no panic");
        })
    };
    let queue: Work = || {
        answer(async {
            let headers = snippets::publish();
            let consumer = tokio::spawn(snippets::consume(headers));
            consumer.await.expect("no panic");
        })
    };
    for work in [channel, queue] {
        for (server, others) in requests(work, 1).await {
            assert_below(&server, &others, "pack", 1);
        }
    }
}

#[tokio::test]
async fn stream_is_below_the_server_span_even_if_the_handler_has_one() {
    for (server, others) in requests(|| answer(snippets::export()), 2).await {
        assert_children(&server, &others, "pack", 2);
        let last = others.iter().map(|span| span.end_time).max();
        assert!(last.expect("spans") <= server.end_time);
    }
}

#[tokio::test]
async fn upgraded_connection_stays_in_the_trace() {
    #[tracing::instrument(skip_all)]
    async fn handler(upgrade: WebSocketUpgrade) -> Response {
        snippets::chat(upgrade).await
    }
    for (route, others) in [(get(snippets::chat), 1), (get(handler), 2)] {
        let watch = Watch::begin().await;
        let served = serve(Router::new().route("/", route).layer(OtelLayer::new())).await;
        let mut socket = Socket::connect(served.address()).await;
        socket.send(UPGRADE).await;
        socket.read_until("\r\n\r\n").await;
        drop(socket);
        let (server, others) = watch.spans(others).await;
        assert_below(&server, &others, "talk", 1);
    }
}

/// A request for a WebSocket.
pub(crate) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn answer<T: IntoResponse>(work: impl Future<Output = T> + Send + 'static) -> Answer {
    Box::pin(async { work.await.into_response() })
}

/// The spans of a request to this handler, once as it is and once with a span of its own: the
/// server span, and `others` other spans, not counting that of the handler.
async fn requests(work: Work, others: usize) -> [(SpanData, Vec<SpanData>); 2] {
    #[tracing::instrument(skip_all)]
    async fn handler(work: Work) -> Response {
        work().await
    }
    let plain = request(Router::new().route("/", get(work)), others).await;
    let handler = get(move || handler(work));
    [
        plain,
        request(Router::new().route("/", handler), others + 1).await,
    ]
}

async fn request(router: Router, others: usize) -> (SpanData, Vec<SpanData>) {
    let watch = Watch::begin().await;
    let request = http::Request::get("/").body(Body::empty());
    let router = router.layer(OtelLayer::new());
    let response = router.oneshot(request.expect("a request")).await;
    let body = response.expect("a response").into_body();
    body.collect().await.expect("a body");
    watch.spans(others).await
}
