//! The page in actix-web.

use std::future::Future;
use std::pin::Pin;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Route, web};
use integration_tests::apps::actix::serve;
use integration_tests::wire::Socket;
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SpanData;
use otel_middleware_actix::OtelMiddleware;

use crate::axum::UPGRADE;
use crate::spans::{Watch, assert_below, assert_declined};
use crate::{actix_snippets, snippets};

type Answer = Pin<Box<dyn Future<Output = HttpResponse>>>;
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
    let declined: Work = || Box::pin(actix_snippets::declined_by_actix());
    for (server, _) in requests(declined, 0).await {
        assert_declined(&server, "");
    }
    for (server, _) in requests(|| answer(snippets::rename()), 0).await {
        assert_eq!(server.name, "GET checkout");
    }
}

#[tokio::test]
async fn work_that_goes_on_elsewhere_stays_in_the_trace() {
    let task: Work = || answer(actix_snippets::start_a_task_in_actix());
    for (server, others) in requests(task, 2).await {
        assert_below(&server, &others, "reserve", 2);
    }
    let block: Work = || answer(actix_snippets::block_in_actix());
    for (server, others) in requests(block, 1).await {
        assert_below(&server, &others, "print", 1);
    }
}

#[tokio::test]
async fn upgraded_connection_stays_in_the_trace() {
    #[tracing::instrument(skip_all)]
    async fn handler(
        request: HttpRequest,
        body: web::Payload,
    ) -> Result<HttpResponse, actix_web::Error> {
        actix_snippets::chat_in_actix(request, body).await
    }
    let plain = || web::get().to(actix_snippets::chat_in_actix);
    let (server, others) = request(plain, UPGRADE, 1).await;
    assert_below(&server, &others, "talk_in_actix", 1);
    let (server, others) = request(|| web::get().to(handler), UPGRADE, 2).await;
    assert_below(&server, &others, "talk_in_actix", 1);
}

fn answer<T>(work: impl Future<Output = T> + 'static) -> Answer {
    Box::pin(async {
        work.await;
        HttpResponse::Ok().finish()
    })
}

/// The spans of a request to this handler, once as it is and once with a span of its own: the
/// server span, and `others` other spans, not counting that of the handler.
async fn requests(work: Work, others: usize) -> [(SpanData, Vec<SpanData>); 2] {
    #[tracing::instrument(skip_all)]
    async fn handler(work: Work) -> HttpResponse {
        work().await
    }
    let plain = move || web::get().to(work);
    let instrumented = move || web::get().to(move || handler(work));
    [
        request(plain, REQUEST, others).await,
        request(instrumented, REQUEST, others + 1).await,
    ]
}

async fn request(
    route: impl Fn() -> Route + Clone + Send + 'static,
    bytes: &str,
    others: usize,
) -> (SpanData, Vec<SpanData>) {
    let watch = Watch::begin().await;
    let served = serve(|listener| {
        let app = move || App::new().wrap(OtelMiddleware::new()).route("/", route());
        let server = HttpServer::new(app).workers(1).disable_signals();
        server.listen(listener).map(HttpServer::run)
    });
    let mut socket = Socket::connect(served.address()).await;
    socket.send(bytes).await;
    socket.read_until("\r\n\r\n").await;
    drop(socket);
    watch.spans(others).await
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
