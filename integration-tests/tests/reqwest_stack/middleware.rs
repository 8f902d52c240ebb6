//! The middleware beside others of reqwest-middleware.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Extensions;
use integration_tests::apps::peer::Peer;
use integration_tests::contract::client::Expected;
use integration_tests::observed::assert_duration;
use otel_instrumentation::testing::Capture;
use otel_middleware_reqwest::{OtelMiddleware, UrlTemplate};
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;

use crate::{DURATION, assert_https, assert_panic, clients, config, https, unsent, url};

type Sending<'a> = BoxFuture<'a, reqwest_middleware::Result<Response>>;

fn otel(capture: &Capture) -> OtelMiddleware {
    OtelMiddleware::with_config(config(capture))
}

fn retry() -> impl Middleware {
    let none = Duration::ZERO;
    let policy = ExponentialBackoff::builder()
        .retry_bounds(none, none)
        .build_with_max_retries(3);
    RetryTransientMiddleware::new_with_policy(policy)
}

fn unavailable(resend_count: Option<i64>) -> Expected {
    Expected {
        status: Some(503),
        error: Some("503"),
        resend_count,
        ..Expected::get("/flaky")
    }
}

/// As redirects are.
#[tokio::test]
async fn retries_of_reqwest_itself_are_one_span() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let policy = reqwest::retry::for_host("127.0.0.1")
        .no_budget()
        .classify_fn(|attempt| match attempt.status() {
            Some(reqwest::StatusCode::SERVICE_UNAVAILABLE) => attempt.retryable(),
            _ => attempt.success(),
        });
    let client = Client::builder().retry(policy).build().expect("a client");
    let client = ClientBuilder::new(client).with(otel(&capture)).build();
    let sent = client.get(url(&peer, "/flaky")).send().await;
    assert_eq!(sent.expect("an answer").status(), 200);

    let spans = clients(&capture, 1).await;
    let asked = peer.asked();
    assert_eq!(asked.len(), 3, "two attempts in vain");
    assert!(
        asked
            .iter()
            .all(|it| it["traceparent"] == asked[0]["traceparent"])
    );
    Expected::get("/flaky").assert_span(peer.address(), &spans[0]);
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
    assert_eq!(asked.len(), attempts.len());
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
        succeed(&client, &peer).await;
    }
    for span in clients(&capture, 2).await {
        Expected::get("/success").assert_span(peer.address(), &span);
    }
}

/// HC-15: the error is found inside of a retry's error.
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
    succeed(&client, &peer).await;
    let span = clients(&capture, 1).await.remove(0);
    Expected::get("/success").assert_span(peer.address(), &span);
}

async fn succeed(client: &ClientWithMiddleware, peer: &Peer) {
    let request = client.get(url(peer, "/success"));
    request.send().await.expect("an answer");
}

fn filtered(capture: &Capture, accepts: fn(usize) -> bool) -> OtelMiddleware {
    let requests = AtomicUsize::new(0);
    let config = config(capture).filter(move |_| accepts(requests.fetch_add(1, Ordering::Relaxed)));
    OtelMiddleware::with_config(config)
}

#[tokio::test]
async fn what_the_outer_middleware_leaves_out_the_inner_one_may_record() {
    let (capture, peer) = (Capture::new(), Peer::start().await);
    let client = ClientBuilder::new(Client::new())
        .with(filtered(&capture, |_| false))
        .with(otel(&capture))
        .with(otel(&capture))
        .build();
    succeed(&client, &peer).await;
    let span = clients(&capture, 1).await.remove(0);
    Expected::get("/success").assert_span(peer.address(), &span);
}

/// An attempt that is not recorded counts, and one that two middlewares see counts once.
#[tokio::test]
async fn attempts_that_are_left_out_are_counted_once() {
    let capture = Capture::new();
    let third = Expected {
        resend_count: Some(2),
        ..Expected::get("/flaky")
    };
    let stacks = [
        ClientBuilder::new(Client::new())
            .with(retry())
            .with(filtered(&capture, |_| false))
            .with(filtered(&capture, |attempt| attempt == 2)),
        ClientBuilder::new(Client::new())
            .with(filtered(&capture, |_| false))
            .with(retry())
            .with(filtered(&capture, |attempt| attempt == 2)),
    ];
    for (done, stack) in stacks.into_iter().enumerate() {
        let peer = Peer::start().await;
        let response = stack.build().get(url(&peer, "/flaky")).send().await;
        assert_eq!(response.expect("an answer").status(), 200);
        let span = clients(&capture, done + 1).await.remove(done);
        third.assert_span(peer.address(), &span);
    }
}

/// Name, span and metrics have the template. The URL stays as it is.
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

/// Fails with an error that is not reqwest's.
fn refuse<'a>(_: Request, _: &'a mut Extensions, _: Next<'a>) -> Sending<'a> {
    let error = std::io::Error::other("no budget left");
    Box::pin(std::future::ready(Err(
        reqwest_middleware::Error::middleware(error),
    )))
}

/// HCU-12
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

/// Answers instead of sending.
fn answer<'a>(_: Request, _: &'a mut Extensions, _: Next<'a>) -> Sending<'a> {
    Box::pin(async { Ok(http::Response::new("").into()) })
}

/// HC-18: the middleware knows of TLS only by the URL.
#[tokio::test]
async fn https_has_its_url_and_port() {
    let capture = Capture::new();
    let client = ClientBuilder::new(Client::new())
        .with(otel(&capture))
        .with(answer)
        .build();
    client.execute(https()).await.expect("an answer");
    assert_https(&capture).await;
}
