//! What `docs/handler.md` promises, with `#[instrument]` around the handler and without.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod snippets;

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http_body_util::BodyExt;
use integration_tests::apps::axum::serve;
use integration_tests::wire::Socket;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::OtelLayer;
use otel_tracing_bridge::{ContextSubscriber, SpanLayer};
use tokio::sync::{Mutex, mpsc};
use tower::ServiceExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The providers and the subscriber of the process, as the page takes them.
static CAPTURE: LazyLock<Capture> = LazyLock::new(|| {
    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    global::set_meter_provider(capture.meter_provider().clone());
    let subscriber = tracing_subscriber::registry()
        .with(SpanLayer::new(capture.tracer_provider().clone()))
        .with(LevelFilter::INFO);
    ContextSubscriber::new(subscriber).init();
    capture
});

type Work = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

#[test]
fn code_of_the_page_is_the_code_that_is_tested() {
    let page = include_str!("../../../docs/handler.md");
    let tested = lines(include_str!("snippets.rs")).replace("pub(crate) ", "");
    let blocks: Vec<_> = page.split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 11);
    for block in blocks {
        let (code, _) = block.split_once("```").expect("an end of the block");
        // What is used stands in the first block only.
        for part in code.split("\n\n").filter(|part| !part.trim().is_empty()) {
            assert!(tested.contains(&lines(part)), "{part}");
        }
    }
}

/// Without what is at the sides of the lines.
fn lines(code: &str) -> String {
    code.lines()
        .map(|line| line.trim().to_owned() + "\n")
        .collect()
}

#[tokio::test]
async fn server_span_is_found_and_told() {
    for (server, _) in requests(|| Box::pin(snippets::attribute())).await {
        assert!(
            server
                .attributes
                .contains(&KeyValue::new("shop.basket.size", 3))
        );
    }
    for (server, _) in requests(|| Box::pin(snippets::declined())).await {
        assert_eq!(server.status, Status::error("the bank said no"));
        let error = KeyValue::new("error.type", "card_declined");
        assert!(server.attributes.contains(&error));
    }
    for (server, _) in requests(|| Box::pin(snippets::rename())).await {
        assert_eq!(server.name, "GET checkout");
    }
    requests(|| Box::pin(snippets::count())).await;
    let points = CAPTURE.points("shop.cards.declined");
    assert_eq!(points.len(), 1, "{points:?}");
}

#[tokio::test]
async fn spans_of_ones_own_are_children_of_where_they_are_made() {
    let reserve: Work = || Box::pin(snippets::reserve());
    let price: Work = || Box::pin(async { assert_eq!(snippets::price().await, 4_200) });
    let block: Work = || Box::pin(async { assert_eq!(snippets::block().await, b"%PDF") });
    for (work, name) in [(reserve, "reserve"), (price, "price"), (block, "print")] {
        for (server, others) in requests(work).await {
            assert_below(&server, &others, name, 1);
        }
    }
}

#[tokio::test]
async fn work_that_goes_on_elsewhere_stays_in_the_trace() {
    for (server, others) in requests(|| Box::pin(snippets::start_a_task())).await {
        assert_below(&server, &others, "reserve", 2);
    }
    let channel: Work = || {
        Box::pin(async {
            let (sender, receiver) = mpsc::channel(1);
            let worker = tokio::spawn(snippets::work_on(receiver));
            snippets::hand_over(sender).await;
            worker.await.expect("no panic");
        })
    };
    let queue: Work = || {
        Box::pin(async {
            let headers = snippets::publish();
            let consumer = tokio::spawn(snippets::consume(headers));
            consumer.await.expect("no panic");
        })
    };
    for work in [channel, queue] {
        for (server, others) in requests(work).await {
            assert_below(&server, &others, "pack", 1);
        }
    }
}

#[tokio::test]
async fn upgraded_connection_stays_in_the_trace() {
    let _one_at_a_time = ONE_AT_A_TIME.lock().await;
    LazyLock::force(&CAPTURE);
    let router = Router::new()
        .route("/chat", get(snippets::chat))
        .layer(OtelLayer::new());
    let served = serve(router).await;
    let mut socket = Socket::connect(served.address()).await;
    socket
        .send(
            "GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await;
    let server = span("GET /chat").await;
    drop(socket);
    let talk = span("talk").await;
    assert_eq!(talk.parent_span_id, server.span_context.span_id());
}

/// The span of this name, once it has ended.
async fn span(name: &str) -> SpanData {
    let ended = async {
        loop {
            let spans = CAPTURE.spans();
            if let Some(span) = spans.into_iter().find(|span| span.name == name) {
                return span;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
    ended.expect("a span")
}

/// `count` spans of this name, each the child of the handler's span, or of the server span.
fn assert_below(server: &SpanData, others: &[SpanData], name: &str, count: usize) {
    let handler = others.iter().find(|span| span.name == "handler");
    let place = handler.unwrap_or(server).span_context.span_id();
    let found = others.iter().filter(|span| span.name == name);
    let found: Vec<_> = found.map(|span| span.parent_span_id).collect();
    assert_eq!(found, vec![place; count], "{name}: {others:#?}");
}

/// The spans of a request to a handler that does this, once as it is and once with a span of its
/// own: the server's and all others.
async fn requests(work: Work) -> [(SpanData, Vec<SpanData>); 2] {
    let _one_at_a_time = ONE_AT_A_TIME.lock().await;
    [request(work, false).await, request(work, true).await]
}

async fn request(work: Work, is_instrumented: bool) -> (SpanData, Vec<SpanData>) {
    #[tracing::instrument(skip_all)]
    async fn handler(work: Work) {
        work().await;
    }
    LazyLock::force(&CAPTURE);
    let before = CAPTURE.spans().len();
    let router = Router::new()
        .route(
            "/",
            get(move || async move {
                match is_instrumented {
                    true => handler(work).await,
                    false => work().await,
                }
            }),
        )
        .layer(OtelLayer::new());
    let request = http::Request::get("/").body(Body::empty());
    let response = router.oneshot(request.expect("a request")).await;
    let body = response.expect("a response").into_body();
    body.collect().await.expect("a body");
    // What was spawned has run once everything that was ready before has.
    while tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
        > 0
    {
        tokio::task::yield_now().await;
    }
    let mut spans = CAPTURE.spans().split_off(before);
    let is_server = |span: &SpanData| span.span_kind == SpanKind::Server;
    let server = spans.iter().position(is_server).expect("a server span");
    (spans.remove(server), spans)
}

/// The providers are the process's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
