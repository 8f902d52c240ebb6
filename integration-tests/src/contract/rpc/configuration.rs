//! The options of servers and clients.

use std::borrow::Cow;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::context::FutureExt;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{SpanId, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SpanData};
use otel_instrumentation::testing::{Capture, by_name};
use otel_middleware_tonic::{ClientConfig, OtelServerLayer, Providers, ServerConfig};
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::{Layer, ServiceBuilder};

use super::{Expected, RpcApp, Running, endpoint};
use crate::apps::Controller;
use crate::apps::greeter::GreeterClient;
use crate::apps::tonic::routes;
use crate::contract::rpc::calls::{SHAPES, call};
use crate::observed::{assert_nothing, only_point, spans_of};

/// GR-17, GR-19: no span, no metric, and the context arrives.
pub async fn a_health_check_is_filtered_and_passes_its_context_on(app: &impl RpcApp) {
    let running = Running::configured(
        app,
        |server| server.filter(|call| !call.path.starts_with("/grpc.health.v1.Health/")),
        |client| client.filter(|call| !call.path.starts_with("/grpc.health.v1.Health/")),
    )
    .await;
    let endpoint = endpoint(running.address());
    let mut health = HealthClient::new(endpoint.connect_lazy());
    health
        .check(HealthCheckRequest::default())
        .await
        .expect("health");
    assert_nothing(&running.capture);
    drop(running);

    let mut running = Running::configured(
        app,
        |server| server.filter(|call| call.path != "/example.Greeter/SayHello"),
        |client| client.filter(|_| false),
    )
    .await;
    let tracer = running.capture.tracer_provider().tracer("test");
    let parent = Context::new().with_span(tracer.start("parent"));
    let span = parent.span().span_context().clone();
    let called = call(&mut running.greeter, SHAPES[0], &["context"], None);
    let answers = called.with_context(parent).await.expect("an answer");
    let expected = format!("{}-{} remote", span.trace_id(), span.span_id());
    assert_eq!(answers, [expected]);
    spans_of(&running.capture, SpanKind::Server, 0).await;
    assert_eq!(running.capture.metric_names(), [""; 0]);
}

/// GR-19: neither the call nor the spans of its handler.
pub async fn a_suppressed_call_leaves_nothing_behind(app: &impl RpcApp) {
    let running = Running::configured(
        app,
        |server| server.suppress(|it| it.path.ends_with("/SayHello")),
        |client| client.filter(|_| false),
    )
    .await;
    let mut greeter = running.greeter.clone();
    let answer = greeter.say_hello("a".to_owned()).await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_nothing(&running.capture);
}

/// GR-13: lists of the selected keys, of requests, heads and trailers.
pub async fn captured_metadata_are_lists(app: &impl RpcApp) {
    let capture = |server: ServerConfig| {
        server
            .capture_request_headers(["X-Test-Request", "trace-bin"])
            .capture_response_headers(["x-test-*", "grpc-message"])
    };
    let mut running = Running::configured(app, capture, |client| {
        client
            .capture_request_headers(["x-test-request"])
            .capture_response_headers(["x-test-response", "grpc-message"])
    })
    .await;
    let mut request = Request::new("a".to_owned());
    let metadata = request.metadata_mut();
    metadata.append("x-test-request", "one".parse().expect("text"));
    metadata.append("x-test-request", "two".parse().expect("text"));
    metadata.append("x-other", "three".parse().expect("text"));
    metadata.insert_bin("trace-bin", MetadataValue::from_bytes(b"bytes"));
    running.greeter.say_hello(request).await.expect("an answer");

    let (client, server) = running.spans().await;
    let requested = r#"["one","two"]"#;
    assert_eq!(
        captured(&server),
        [
            ("rpc.request.header.trace-bin", r#"["Ynl0ZXM"]"#),
            ("rpc.request.header.x-test-request", requested),
            ("rpc.response.header.x-test-response", r#"["one"]"#),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    assert_eq!(
        captured(&client),
        [
            ("rpc.request.header.x-test-request", requested),
            ("rpc.response.header.x-test-response", r#"["one"]"#),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
    );

    let mut running = Running::configured(app, capture, |client| {
        client.capture_response_headers(["grpc-message"])
    })
    .await;
    call(&mut running.greeter, SHAPES[2], &["a status:5:gone"], None)
        .await
        .expect_err("an error");
    let (client, server) = running.spans().await;
    let trailer = (
        "rpc.response.trailer.grpc-message".to_owned(),
        r#"["gone"]"#.to_owned(),
    );
    for span in [server, client] {
        assert_eq!(captured(&span), std::slice::from_ref(&trailer));
    }
}

fn captured(span: &SpanData) -> Vec<(String, String)> {
    let mut captured: Vec<_> = by_name(&span.attributes)
        .into_iter()
        .map(|(key, value)| (key, value.to_string()))
        .collect();
    captured.retain(|(key, _)| key.contains("header.") || key.contains("trailer."));
    captured
}

/// GR-20
pub async fn a_public_endpoint_links_instead_of_continuing(app: &impl RpcApp) {
    let mut running = Running::configured(
        app,
        |server| server.public_endpoint(|_| true),
        |client| client,
    )
    .await;

    call(&mut running.greeter, SHAPES[0], &["a"], None)
        .await
        .expect("an answer");

    let (client, server) = running.spans().await;
    assert_eq!(server.parent_span_id, SpanId::INVALID);
    assert_ne!(
        server.span_context.trace_id(),
        client.span_context.trace_id()
    );
    let link = &server.links.links[0].span_context;
    assert_eq!(link.span_id(), client.span_context.span_id());
}

/// Also if the method is known only at the end.
pub async fn a_custom_span_name_stays(app: &impl RpcApp) {
    let mut running = Running::configured(
        app,
        |server| server.span_name(|_| Some(Cow::Borrowed("theirs"))),
        |client| client.span_name(|_| Some(Cow::Borrowed("mine"))),
    )
    .await;

    call(&mut running.greeter, SHAPES[0], &["a"], None)
        .await
        .expect("an answer");

    let (client, server) = running.spans().await;
    assert_eq!(
        (client.name.as_ref(), server.name.as_ref()),
        ("mine", "theirs")
    );
}

/// GR-24: labels are set explicitly, for each side. Baggage can become a label.
pub async fn further_attributes_go_where_the_hook_says(app: &impl RpcApp) {
    let mut running = Running::configured(
        app,
        |server| {
            server.attributes(|_, attributes| {
                let tenant = Context::current()
                    .baggage()
                    .get("tenant")
                    .map(ToString::to_string);
                attributes.metric(KeyValue::new("test.tenant", tenant.unwrap_or_default()));
                attributes.span(KeyValue::new("test.server", true));
            })
        },
        |client| {
            client.attributes(|_, attributes| attributes.both(KeyValue::new("test.client", true)))
        },
    )
    .await;
    let context = Context::new().with_baggage([KeyValue::new("tenant", "acme")]);
    let called = call(&mut running.greeter, SHAPES[3], &["a", "b"], None);
    called.with_context(context).await.expect("an answer");

    let (client, server) = running.spans().await;
    let has = |span: &SpanData, key: &str| span.attributes.iter().any(|it| it.key.as_str() == key);
    assert!(has(&client, "test.client") && !has(&client, "test.server"));
    assert!(has(&server, "test.server") && !has(&server, "test.tenant"));
    let labels = only_point(&running.capture, "rpc.client.call.duration").labels;
    assert!(labels.contains_key("test.client") && !labels.contains_key("test.tenant"));
    let labels = only_point(&running.capture, "rpc.server.call.duration").labels;
    assert!(labels["test.tenant"] == "acme".into() && !labels.contains_key("test.server"));
}

/// On both sides, and for a status in the head as in the trailers.
pub async fn the_hook_of_the_response_has_the_last_word(app: &impl RpcApp) {
    for method in [SHAPES[0], SHAPES[3]] {
        let mut running = Running::configured(
            app,
            |server| {
                server.response_attributes(|_, _, attributes| {
                    attributes.metric(KeyValue::new("test.server", true));
                    attributes.expected();
                })
            },
            |client| {
                client.response_attributes(|_, _, attributes| {
                    attributes.span(KeyValue::new("test.client", true));
                    attributes.expected();
                })
            },
        )
        .await;
        let called = call(&mut running.greeter, method, &["status:13:no"], None).await;
        assert_eq!(called.expect_err("an error").code(), Code::Internal);
        let (client, server) = running.spans().await;
        assert_eq!(client.status, trace::Status::Unset, "{method}");
        assert_eq!(server.status, trace::Status::Unset, "{method}");
        assert!(
            client
                .attributes
                .contains(&KeyValue::new("test.client", true))
        );
        for metric in ["rpc.client.call.duration", "rpc.server.call.duration"] {
            let labels = only_point(&running.capture, metric).labels;
            assert!(!labels.contains_key("error.type"), "{metric} of {method}");
            assert_eq!(labels["rpc.status_code"], "INTERNAL".into());
            assert_eq!(
                labels.contains_key("test.server"),
                metric.contains("server")
            );
        }
    }
}

/// A value that the handler put into its response's extensions.
pub async fn a_handler_names_its_error(app: &impl RpcApp) {
    let mut running = Running::start(app).await;

    call(&mut running.greeter, SHAPES[0], &["declined"], None)
        .await
        .expect("an answer");

    running
        .expect(&Expected {
            server_error: Some("declined"),
            ..Expected::call(SHAPES[0], "OK", "")
        })
        .await;
}

/// GR-29: metrics do not depend on sampling.
pub async fn an_unsampled_call_is_still_measured(app: &impl RpcApp) {
    let capture = Capture::with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)));
    let server = ServerConfig::new().providers(capture.providers());
    let client = ClientConfig::new().providers(capture.providers());
    let layer = OtelServerLayer::with_config(server);
    let mut running = Running::with(app, capture, layer, client).await;

    call(&mut running.greeter, SHAPES[0], &["a"], None)
        .await
        .expect("an answer");

    assert_eq!(running.capture.spans(), []);
    let point = only_point(&running.capture, "rpc.server.call.duration");
    assert_eq!(point.count, 1);
}

/// GR-29
pub async fn without_an_sdk_the_context_passes_through(app: &impl RpcApp) {
    let telemetry = || Providers::new(NoopTracerProvider::new(), NoopMeterProvider::new());
    let mut running = Running::configured(
        app,
        |server| server.providers(telemetry()),
        |client| client.providers(telemetry()),
    )
    .await;
    let tracer = running.capture.tracer_provider().tracer("test");
    let parent = Context::new().with_span(tracer.start("parent"));
    let span = parent.span().span_context().clone();

    let called = call(&mut running.greeter, SHAPES[3], &["context"], None);
    let answers = called.with_context(parent).await.expect("an answer");

    let expected = format!("{}-{} remote", span.trace_id(), span.span_id());
    assert_eq!(answers, [expected]);
}

/// GR-10: on both sides, and in both places where a server can have interceptors.
pub async fn two_layers_make_one_span(app: &impl RpcApp) {
    let capture = Capture::new();
    let layer = OtelServerLayer::with_config(ServerConfig::new().providers(capture.providers()));
    let inner = layer.clone();
    let controller = Controller::new(&capture);
    let router = routes(controller).into_axum_router().layer(inner);
    let served = crate::apps::axum::serve(router.layer(layer)).await;
    let config = ClientConfig::new().providers(capture.providers());
    let endpoint = endpoint(served.address());
    let layer = otel_middleware_tonic::OtelClientLayer::with_config(config).endpoint(&endpoint);
    let channel = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(layer.clone())
        .service(endpoint.connect_lazy());
    let intercepted =
        tonic::service::interceptor::InterceptedService::new(channel, |request: Request<()>| {
            Ok::<_, Status>(request)
        });
    let mut greeter = GreeterClient::new(intercepted);
    greeter.say_hello("a".to_owned()).await.expect("an answer");
    spans_of(&capture, SpanKind::Client, 1).await;
    spans_of(&capture, SpanKind::Server, 1).await;
    let _ = (app, layer.layer(()));
}
