//! What is special to each of the two forms: their stacks, and what both share.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod middleware;
mod tower;

use integration_tests::apps::peer::Peer;
use integration_tests::observed::{assert_none_active, spans_of};
use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, by_name};
use otel_middleware_reqwest::ClientConfig;
use reqwest::{Method, Request, Url};

const DURATION: &str = "http.client.request.duration";

fn config(capture: &Capture) -> ClientConfig {
    ClientConfig::new()
        .providers(capture.providers())
        .active_requests(true)
}

fn url(peer: &Peer, path: &str) -> Url {
    Url::parse(&format!("http://{}{path}", peer.address())).expect("a URL")
}

async fn clients(capture: &Capture, count: usize) -> Vec<SpanData> {
    spans_of(capture, SpanKind::Client, count).await
}

fn error_type(span: &SpanData) -> Option<&Value> {
    let mut attributes = span.attributes.iter();
    Some(&attributes.find(|it| it.key.as_str() == "error.type")?.value)
}

fn unsent() -> Request {
    Request::new(
        Method::GET,
        Url::parse("http://127.0.0.1:9/unsent").expect("a URL"),
    )
}

fn assert_panic(span: &SpanData, capture: &Capture) {
    assert_eq!(error_type(span), Some(&Value::from("panic")));
    let labels = [
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("server.address", "127.0.0.1"),
        KeyValue::new("server.port", 9),
    ];
    assert_none_active(capture, "http.client.active_requests", &labels);
}

fn https() -> Request {
    let url = Url::parse("https://shop.test/orders").expect("a URL");
    Request::new(Method::GET, url)
}

async fn assert_https(capture: &Capture) {
    let span = clients(capture, 1).await.remove(0);
    let expected = [
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("http.response.status_code", 200),
        KeyValue::new("network.protocol.version", "1.1"),
        KeyValue::new("server.address", "shop.test"),
        KeyValue::new("server.port", 443),
        KeyValue::new("url.full", "https://shop.test/orders"),
    ];
    assert_eq!(by_name(&span.attributes), by_name(&expected));
}
