//! What is recorded of a request and its answer.

use std::collections::HashSet;

use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::{SpanKind, TraceContextExt, Tracer, TracerProvider};
use reqwest::{Client, Method};

use super::{ClientApp, Expected, Running};
use crate::observed::spans_of;
use crate::wire::in_time;

/// HC-01, HC-02, HC-03, HC-08, HC-11, HC-19, HC-25, HCU-14: exactly one span, whatever is answered.
/// Exemplars are not checked, because the SDK makes none.
pub async fn a_request_makes_one_span(app: &impl ClientApp) {
    let get = Expected::get;
    let method = |method, target| Expected {
        name: method,
        method,
        ..get(target)
    };
    let failed = |target, status, error| Expected {
        status: Some(status),
        error: Some(error),
        ..get(target)
    };
    let cases = [
        ("HC-01", get("/success")),
        ("HC-01", get("/query?with=params")),
        ("HC-03", method("POST", "/echo")),
        ("HC-11", failed("/client-error", 400, "400")),
        ("HC-11", failed("/error-status", 500, "500")),
        ("HC-11", failed("/absent", 404, "404")),
        ("HC-08: the URL that was asked for", get("/one-redirect")),
        ("HC-08: the URL that was asked for", get("/two-redirects")),
        ("HC-25", method("HEAD", "/success")),
        (
            "HC-02",
            Expected {
                name: "HTTP",
                method: "_OTHER",
                method_original: Some("TEST"),
                ..failed("/success", 405, "405")
            },
        ),
    ];
    for (id, expected) in cases {
        let verb = expected.method_original.unwrap_or(expected.method);
        println!("{id}: {verb} {}", expected.target);
        let running = Running::start(app).await;
        let verb = Method::from_bytes(verb.as_bytes()).expect("a method");
        let request = running.request(verb, expected.target);
        let response = running.send(request).await.expect("an answer");
        assert_eq!(Some(response.status().as_u16()), expected.status);
        running.expect(&expected).await;
    }
}

/// HC-10: each hop gets what the caller sent, and the context of the same span.
pub async fn redirects_keep_the_requests_headers(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let mut request = running.request(Method::GET, "/two-redirects");
    let secret = "Custom secret".parse().expect("a value");
    request.headers_mut().insert("authorization", secret);
    running.send(request).await.expect("an answer");
    let span = running.expect(&Expected::get("/two-redirects")).await;
    let asked = running.peer.asked();
    assert_eq!(asked.len(), 3);
    let (trace, id) = (span.span_context.trace_id(), span.span_context.span_id());
    for headers in asked {
        assert_eq!(headers["authorization"], "Custom secret");
        assert_eq!(headers["traceparent"], format!("00-{trace}-{id}-01"));
    }
}

/// HC-20: the version is that of the response, and the requests share a connection.
pub async fn http_2_has_its_version(app: &impl ClientApp) {
    const REQUESTS: usize = 20;
    let client = Client::builder().http2_prior_knowledge();
    let client = client.build().expect("a client");
    let running = Running::with(app, |config| config, client).await;
    // The first request opens the connection.
    running.get("/success").await;
    let others = (1..REQUESTS).map(|_| running.get("/success"));
    futures_util::future::join_all(others).await;
    let expected = Expected {
        version: "2",
        ..Expected::get("/success")
    };
    for span in spans_of(&running.capture, SpanKind::Client, REQUESTS).await {
        expected.assert_span(running.peer.address(), &span);
    }
}

/// HC-33, HCU-01, HCU-03, HCU-05: the fragment is not sent.
pub async fn secrets_in_the_url_are_redacted(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let mut url = running.url("/success?sig=secret&a=b#top");
    url.set_username("user").expect("a user");
    url.set_password(Some("secret")).expect("a password");
    let answer = running.send(reqwest::Request::new(Method::GET, url)).await;
    let expected = Expected {
        user_information: "REDACTED:REDACTED@",
        ..Expected::get("/success?sig=REDACTED&a=b#top")
    };
    running.expect(&expected).await;
    assert_eq!(
        answer.expect("an answer").url().query(),
        Some("sig=secret&a=b")
    );

    let running = Running::start(app).await;
    running.get("/success#top").await;
    running.expect(&Expected::get("/success#top")).await;
}

/// HC-20: each request is the child of its own parent, and the server receives that parent.
pub async fn concurrent_requests_do_not_mix(app: &impl ClientApp) {
    const REQUESTS: usize = 50;
    let running = Running::start(app).await;
    let tracer = running.capture.tracer_provider().tracer("test");
    let sent = (0..REQUESTS).map(|_| {
        let parent = Context::new().with_span(tracer.start("parent"));
        let request = running.get("/success");
        async {
            request.await;
            let span = Context::current().span().span_context().clone();
            (span.trace_id(), span.span_id())
        }
        .with_context(parent)
    });
    let parents = futures_util::future::join_all(sent).await;

    let clients = spans_of(&running.capture, SpanKind::Client, REQUESTS).await;
    let of_parents: HashSet<_> = clients
        .iter()
        .map(|span| (span.span_context.trace_id(), span.parent_span_id))
        .collect();
    assert_eq!(of_parents, parents.into_iter().collect());

    let heard: HashSet<_> = running
        .peer
        .asked()
        .iter()
        .map(|headers| headers["traceparent"].to_str().expect("text").to_owned())
        .collect();
    let told: HashSet<_> = clients
        .iter()
        .map(|span| {
            let span = &span.span_context;
            format!("00-{}-{}-01", span.trace_id(), span.span_id())
        })
        .collect();
    assert_eq!(heard, told);
}

/// HC-32: it is no error, and nothing is recorded that only an answer would tell.
pub async fn the_caller_may_cancel(app: &impl ClientApp) {
    let running = Running::start(app).await;
    let answer = running.send(running.request(Method::GET, "/hang"));
    let handler = in_time("the handler", running.peer.controller.entered());
    tokio::select! {
        _ = answer => unreachable!("it hangs"),
        () = handler => {}
    }
    let expected = Expected {
        status: None,
        ..Expected::get("/hang")
    };
    running.expect(&expected).await;
}
