//! What the options of a client do.

use std::borrow::Cow;

use opentelemetry::context::FutureExt;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use reqwest::Method;

use super::{ClientApp, Expected, Running};
use crate::observed::only_point;

/// HC-14
pub async fn captured_headers_are_lists(app: &impl ClientApp) {
    let running = Running::configured(app, |config| {
        config
            .capture_request_headers(["x-test-request"])
            .capture_response_headers(["X-Test-Response"])
    })
    .await;
    let mut request = running.request(Method::GET, "/captureHeaders");
    request
        .headers_mut()
        .insert("x-test-request", "test".parse().expect("a value"));
    running.send(request).await.expect("an answer");
    let list = |name: &'static str| {
        let value = Array::String(vec![StringValue::from("test")]);
        KeyValue::new(name, Value::Array(value))
    };
    let expected = Expected {
        further_attributes: vec![
            list("http.request.header.x-test-request"),
            list("http.response.header.x-test-response"),
        ],
        ..Expected::get("/captureHeaders")
    };
    running.expect(&expected).await;
}

/// HC-30
pub async fn a_filtered_request_only_passes_its_context_on(app: &impl ClientApp) {
    let running =
        Running::configured(app, |config| config.filter(|it| it.path != "/success")).await;
    let tracer = running.capture.tracer_provider().tracer("test");
    let parent = Context::new().with_span(tracer.start("parent"));
    let span = parent.span().span_context().clone();
    async { running.get("/success").await }
        .with_context(parent.clone())
        .await;
    drop(parent);
    let recorded: Vec<_> = running
        .capture
        .spans()
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(recorded, ["parent"]);
    assert_eq!(running.capture.metric_names(), [""; 0]);
    let sent = format!("00-{}-{}-01", span.trace_id(), span.span_id());
    assert_eq!(running.peer.asked()[0]["traceparent"], sent);
}

/// HC-30
pub async fn a_custom_span_name_is_used(app: &impl ClientApp) {
    let running = Running::configured(app, |config| {
        config.span_name(|it| (it.path == "/success").then_some(Cow::Borrowed("hello")))
    })
    .await;
    running.get("/success").await;
    let expected = Expected {
        name: "hello",
        ..Expected::get("/success")
    };
    running.expect(&expected).await;
}

/// HC-30
pub async fn further_attributes_go_where_the_hook_says(app: &impl ClientApp) {
    let running = Running::configured(app, |config| {
        config.attributes(|it, attributes| {
            attributes.span(KeyValue::new("test.path", it.path.to_owned()));
            attributes.metric(KeyValue::new("test.label", "metric"));
        })
    })
    .await;
    running.get("/success").await;
    let expected = Expected {
        further_attributes: vec![KeyValue::new("test.path", "/success")],
        further_labels: vec![KeyValue::new("test.label", "metric")],
        ..Expected::get("/success")
    };
    running.expect(&expected).await;
}

/// The hook sees the request and the response, and may say that an outcome is no error.
pub async fn the_hook_of_the_response_has_the_last_word(app: &impl ClientApp) {
    for (target, status, error) in [("/absent", 404, None), ("/error-status", 500, Some("500"))] {
        let running = Running::configured(app, |config| {
            config.response_attributes(|request, response, attributes| {
                attributes.span(KeyValue::new("test.path", request.path.to_owned()));
                attributes.metric(KeyValue::new("test.label", i64::from(response.status)));
                if response.status == 404 {
                    attributes.expected();
                }
            })
        })
        .await;
        running.get(target).await;
        let expected = Expected {
            status: Some(status),
            error,
            further_attributes: vec![KeyValue::new("test.path", target)],
            further_labels: vec![KeyValue::new("test.label", i64::from(status))],
            ..Expected::get(target)
        };
        running.expect(&expected).await;
    }
}

/// The host of a request to a Unix socket is made up.
pub async fn a_unix_socket_is_the_address_of_its_server(app: &impl ClientApp) {
    let running = Running::configured(app, |config| config.unix_socket("/run/shop.sock")).await;
    running.get("/success").await;
    let expected = Expected {
        server: Some(("/run/shop.sock", None)),
        ..Expected::get("/success")
    };
    running.expect(&expected).await;
}

/// The head tells the size of the body, whether it is read or not.
pub async fn body_sizes_are_measured_on_request(app: &impl ClientApp) {
    for body_end in [false, true] {
        let running =
            Running::configured(app, |config| config.body_sizes(true).body_end(body_end)).await;
        let mut request = running.request(Method::POST, "/echo");
        *request.body_mut() = Some("four!".into());
        let response = running.send(request).await.expect("an answer");
        assert_eq!(response.text().await.expect("a body"), "four!");
        let expected = Expected {
            name: "POST",
            method: "POST",
            further_attributes: vec![
                KeyValue::new("http.request.body.size", 5),
                KeyValue::new("http.response.body.size", 5),
            ],
            ..Expected::get("/echo")
        };
        running.expect(&expected).await;
        for metric in [
            "http.client.request.body.size",
            "http.client.response.body.size",
        ] {
            assert_eq!(only_point(&running.capture, metric).sum, 5.0, "{metric}");
        }
    }
}
