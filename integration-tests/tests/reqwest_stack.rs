//! What only one of the two forms has: the other middlewares of a stack, and what they share.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Extensions;
use integration_tests::apps::peer::Peer;
use integration_tests::contract::client::Expected;
use integration_tests::observed::{assert_duration, assert_none_active, spans_of};
use integration_tests::semconv;
use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_reqwest::{ClientConfig, OtelLayer, OtelMiddleware, UrlTemplate};
use reqwest::{Client, Method, Request, Response, Url};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

type Sending<'a> = BoxFuture<'a, reqwest_middleware::Result<Response>>;

const DURATION: &str = "http.client.request.duration";

fn otel(capture: &Capture) -> OtelMiddleware {
    OtelMiddleware::with_config(config(capture))
}

fn config(capture: &Capture) -> ClientConfig {
    ClientConfig::new()
        .telemetry(capture.telemetry())
        .active_requests(true)
}

fn retry() -> impl Middleware {
    let none = Duration::ZERO;
    let policy = ExponentialBackoff::builder()
        .retry_bounds(none, none)
        .build_with_max_retries(3);
    RetryTransientMiddleware::new_with_policy(policy)
}

fn url(peer: &Peer, path: &str) -> Url {
    Url::parse(&format!("http://{}{path}", peer.address())).expect("a URL")
}

async fn clients(capture: &Capture, count: usize) -> Vec<SpanData> {
    let spans = spans_of(capture, SpanKind::Client, count).await;
    semconv::check(capture);
    spans
}

fn unavailable(resend_count: Option<i64>) -> Expected {
    Expected {
        status: Some(503),
        error: Some("503"),
        resend_count,
        ..Expected::get("/flaky")
    }
}

/// HC-31
#[tokio::test]
async fn inside_of_a_retry_each_attempt_is_a_span() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(retry())
        .with(otel(&capture))
        .build();
    let response = client
        .get(url(&peer, "/flaky"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);

    let attempts = [
        unavailable(None),
        unavailable(Some(1)),
        Expected {
            resend_count: Some(2),
            ..Expected::get("/flaky")
        },
    ];
    let spans = clients(&capture, 3).await;
    let asked = peer.asked();
    for ((expected, span), headers) in attempts.iter().zip(&spans).zip(asked) {
        expected.assert_span(peer.address(), span);
        let context = &span.span_context;
        let (trace, id) = (context.trace_id(), context.span_id());
        assert_eq!(headers["traceparent"], format!("00-{trace}-{id}-01"));
    }
    let counts: u64 = capture
        .points(DURATION)
        .iter()
        .map(|point| point.count)
        .sum();
    assert_eq!(counts, 3);
}

/// HC-31
#[tokio::test]
async fn outside_of_a_retry_all_attempts_are_one_span() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .with(retry())
        .build();
    client
        .get(url(&peer, "/flaky"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(peer.asked().len(), 3);
    let span = clients(&capture, 1).await.remove(0);
    Expected::get("/flaky").assert_span(peer.address(), &span);
}

/// HCU-11
#[tokio::test]
async fn the_next_request_is_no_resend() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .build();
    for _ in 0..2 {
        client
            .get(url(&peer, "/success"))
            .send()
            .await
            .expect("an answer");
    }
    for span in clients(&capture, 2).await {
        Expected::get("/success").assert_span(peer.address(), &span);
    }
}

/// HC-15: what a retry wraps is still seen.
#[tokio::test]
async fn the_error_inside_of_a_retry_is_found() {
    let capture = Capture::new();
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a free port");
    let address = socket.local_addr().expect("its address");
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .with(retry())
        .build();
    let error = client.get(format!("http://{address}/success")).send().await;
    assert!(error.is_err());
    let span = clients(&capture, 1).await.remove(0);
    Expected::failed("/success", "connect").assert_span(address, &span);
}

#[tokio::test]
async fn a_middleware_that_is_added_twice_makes_one_span() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .with(otel(&capture))
        .build();
    client
        .get(url(&peer, "/success"))
        .send()
        .await
        .expect("an answer");
    let span = clients(&capture, 1).await.remove(0);
    Expected::get("/success").assert_span(peer.address(), &span);
}

/// Name, span and metrics have the template; the URL is what it is.
#[tokio::test]
async fn a_url_template_names_the_span() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .build();
    client
        .get(url(&peer, "/path/42/param"))
        .with_extension(UrlTemplate("/path/{id}/param".into()))
        .send()
        .await
        .expect("an answer");
    let expected = Expected {
        name: "GET /path/{id}/param",
        template: Some("/path/{id}/param"),
        ..Expected::get("/path/42/param")
    };
    let span = clients(&capture, 1).await.remove(0);
    expected.assert_span(peer.address(), &span);
    assert_duration(&capture, DURATION, &expected.labels(peer.address()), &span);
}

/// Fails without an error of reqwest's.
fn refuse<'a>(_: Request, _: &'a mut Extensions, _: Next<'a>) -> Sending<'a> {
    let error = std::io::Error::other("no budget left");
    Box::pin(std::future::ready(Err(
        reqwest_middleware::Error::middleware(error),
    )))
}

#[tokio::test]
async fn an_error_of_another_middleware_is_named_as_such() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .with(refuse)
        .build();
    assert!(client.get(url(&peer, "/success")).send().await.is_err());
    let expected = Expected {
        explained: false,
        ..Expected::failed("/success", "middleware")
    };
    let span = clients(&capture, 1).await.remove(0);
    expected.assert_span(peer.address(), &span);
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

/// A timeout of tower's inside of the layer boxes the errors of reqwest, which are still found.
#[tokio::test]
async fn a_boxed_error_of_a_tower_stack_is_looked_into() {
    let capture = Capture::new();
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a free port");
    let address = socket.local_addr().expect("its address");
    let client = ServiceBuilder::new()
        .layer(OtelLayer::with_config(config(&capture)))
        .timeout(Duration::from_secs(20))
        .service(Client::new());
    let url = Url::parse(&format!("http://{address}/success")).expect("a URL");
    let answer: Result<Response, Box<dyn Error + Send + Sync>> =
        client.oneshot(Request::new(Method::GET, url)).await;
    assert!(answer.is_err());
    let span = clients(&capture, 1).await.remove(0);
    Expected::failed("/success", "connect").assert_span(address, &span);
}

#[derive(Debug)]
struct Overloaded;

#[tokio::test]
async fn an_error_of_a_tower_stack_is_named_by_its_type() {
    let capture = Capture::new();
    let inner = service_fn(async |_: Request| Err::<Response, _>(Overloaded));
    let client = OtelLayer::with_config(config(&capture)).layer(inner);
    assert!(client.oneshot(unsent()).await.is_err());
    let span = clients(&capture, 1).await.remove(0);
    let expected = Value::from(std::any::type_name::<Overloaded>());
    assert_eq!(error_type(&span), Some(&expected));
}

/// What catches the panic may keep the future for as long as it likes.
#[tokio::test]
async fn a_panic_inside_of_the_tower_layer_is_recorded_at_once() {
    let capture = Capture::new();
    let inner = service_fn(async |_: Request| -> Result<Response, Infallible> {
        std::panic::resume_unwind(Box::new("in poll"))
    });
    let future = OtelLayer::with_config(config(&capture))
        .layer(inner)
        .oneshot(unsent());
    let mut future = std::panic::AssertUnwindSafe(Box::pin(future)).catch_unwind();
    assert!((&mut future).await.is_err());
    assert_panic(&clients(&capture, 1).await[0], &capture);
}

/// Panics instead of sending.
fn panic<'a>(_: Request, _: &'a mut Extensions, _: Next<'a>) -> Sending<'a> {
    Box::pin(async { std::panic::resume_unwind(Box::new("in handle")) })
}

#[tokio::test]
async fn a_panic_inside_of_the_middleware_is_recorded_at_once() {
    let capture = Capture::new();
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .with(panic)
        .build();
    let future = client.execute(unsent());
    let mut future = std::panic::AssertUnwindSafe(Box::pin(future)).catch_unwind();
    assert!((&mut future).await.is_err());
    assert_panic(&clients(&capture, 1).await[0], &capture);
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
