//! Which methods become labels.

use opentelemetry::trace::SpanKind;
use otel_instrumentation::testing::Capture;
use otel_middleware_tonic::{ClientConfig, OtelServerLayer, ServerConfig};
use tonic::Code;

use super::{Expected, RpcApp, Running};
use crate::contract::rpc::calls::{SHAPES, call};
use crate::observed::spans_of;

/// GR-26: neither an unknown service nor an unknown method is a label.
pub async fn unknown_methods_are_no_labels(app: &impl RpcApp) {
    for asked in ["example.Greeter/Unknown", "example.Unknown/SayHello"] {
        let mut running = Running::start(app).await;

        let called = running.greeter.call(&format!("/{asked}"), "a").await;

        assert_eq!(called.expect_err("an error").code(), Code::Unimplemented);
        running
            .expect(&Expected {
                client_method: None,
                server_method: None,
                ..Expected::call(asked, "UNIMPLEMENTED", "")
            })
            .await;
    }
}

/// GR-21: a path that is no method is answered, and recorded as it came.
pub async fn paths_that_name_no_method_are_no_trouble(app: &impl RpcApp) {
    for asked in ["service_only/", "/method_only", "one", "a/b/c%00"] {
        let mut running = Running::start(app).await;

        let called = running.greeter.call(&format!("/{asked}"), "a").await;

        called.expect_err("an error");
        let (client, server) = running.spans().await;
        assert_eq!(
            (client.name.as_ref(), server.name.as_ref()),
            ("grpc", "grpc")
        );
    }
}

/// A list of methods is final, so the span has its name from the start.
pub async fn a_listed_method_is_known_from_the_start(app: &impl RpcApp) {
    let capture = Capture::new();
    let config = ServerConfig::new().providers(capture.providers());
    let layer = OtelServerLayer::with_config(config).methods([SHAPES[0]]);
    let client = || ClientConfig::new().providers(capture.providers());
    let mut running = Running::with(app, capture.clone(), layer.clone(), client()).await;
    let called = call(&mut running.greeter, SHAPES[0], &["status:12:"], None).await;
    called.expect_err("an error");
    running
        .expect(&Expected::call(SHAPES[0], "UNIMPLEMENTED", ""))
        .await;

    let mut running = Running::with(app, capture.clone(), layer, client()).await;
    let called = call(&mut running.greeter, SHAPES[1], &["a"], None).await;
    called.expect("an answer");
    let servers = spans_of(&capture, SpanKind::Server, 2).await;
    assert_eq!(servers[1].name, "grpc");
}

/// An interceptor's answer does not prove a method. Once a method has answered, its name is used.
pub async fn refusals_in_front_of_the_methods_teach_nothing(app: &impl RpcApp) {
    let mut running = Running::start(app).await;
    for refuse in [Some("16"), None, Some("16")] {
        let called = call(&mut running.greeter, SHAPES[1], &["a"], refuse).await;
        assert_eq!(called.is_err(), refuse.is_some());
    }

    let servers = spans_of(&running.capture, SpanKind::Server, 3).await;
    let names: Vec<_> = servers.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["grpc", SHAPES[1], SHAPES[1]]);
}

/// A method that answers UNIMPLEMENTED looks like a method that does not exist.
pub async fn an_unimplemented_method_is_other(app: &impl RpcApp) {
    let mut running = Running::start(app).await;

    let called = call(
        &mut running.greeter,
        SHAPES[3],
        &["status:12:not yet"],
        None,
    )
    .await;

    called.expect_err("an error");
    running
        .expect(&Expected {
            server_method: None,
            ..Expected::call(SHAPES[3], "UNIMPLEMENTED", "not yet")
        })
        .await;
}

/// There is one series, however many names are called.
pub async fn attackers_make_no_labels(app: &impl RpcApp) {
    let mut running = Running::start(app).await;
    for number in 0..300 {
        let path = match number % 3 {
            0 => format!("/example.Greeter/Method{number}"),
            1 => format!("/example.Service{number}/Method"),
            _ => format!("/path{number}"),
        };
        let called = running.greeter.call(&path, "a").await;
        assert_eq!(called.expect_err("an error").code(), Code::Unimplemented);
    }

    spans_of(&running.capture, SpanKind::Server, 300).await;
    for metric in ["rpc.server.call.duration", "rpc.client.call.duration"] {
        let points = running.capture.points(metric);
        assert_eq!(points.len(), 1, "{metric}");
        assert_eq!(points[0].count, 300, "{metric}");
    }
}
