//! The layer beside others of tower.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use futures_util::FutureExt;
use integration_tests::apps::peer::Peer;
use integration_tests::contract::client::Expected;
use opentelemetry::Value;
use otel_instrumentation::testing::Capture;
use otel_middleware_reqwest::OtelLayer;
use reqwest::{Client, Method, Request, Response, Url};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::{assert_https, assert_panic, clients, config, error_type, https, unsent, url};

/// tower's timeout inside of the layer boxes reqwest's errors, which are still found.
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

/// HCU-12
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

/// A layer that catches the panic may keep the future for any time.
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

/// reqwest hides the extensions of its requests, so two layers cannot see each other.
#[tokio::test]
async fn a_layer_that_is_added_twice_makes_two_spans() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let layer = OtelLayer::with_config(config(&capture));
    let client = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(layer)
        .service(Client::new());
    let request = Request::new(Method::GET, url(&peer, "/success"));
    client.oneshot(request).await.expect("an answer");
    let spans = clients(&capture, 2).await;
    let [inner, outer] = [&spans[0], &spans[1]];
    assert_eq!(inner.parent_span_id, outer.span_context.span_id());
    let asked = peer.asked().remove(0);
    let (trace, id) = (inner.span_context.trace_id(), inner.span_context.span_id());
    assert_eq!(asked["traceparent"], format!("00-{trace}-{id}-01"));
}

#[tokio::test]
async fn what_the_outer_layer_leaves_out_the_inner_one_may_record() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ServiceBuilder::new()
        .layer(OtelLayer::with_config(config(&capture).filter(|_| false)))
        .layer(OtelLayer::with_config(config(&capture)))
        .service(Client::new());
    let request = Request::new(Method::GET, url(&peer, "/success"));
    client.oneshot(request).await.expect("an answer");
    let span = clients(&capture, 1).await.remove(0);
    Expected::get("/success").assert_span(peer.address(), &span);
}

/// HC-18: the layer knows of TLS only by the URL.
#[tokio::test]
async fn https_has_its_url_and_port() {
    let capture = Capture::new();
    let inner = service_fn(async |_: Request| Ok::<_, Infallible>(http::Response::new("").into()));
    let client = OtelLayer::with_config(config(&capture)).layer(inner);
    let _response: Response = client.oneshot(https()).await.expect("an answer");
    assert_https(&capture).await;
}
