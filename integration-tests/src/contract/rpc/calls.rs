//! Calls that end by themselves.

use std::time::SystemTime;

use futures_util::stream;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::{SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, baggage::BaggageExt};
use opentelemetry_sdk::trace::SpanData;
use otel_middleware_tonic::ClientConfig;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1alpha::server_reflection_client::ServerReflectionClient;

use super::{Expected, Greeter, RpcApp, Running, endpoint};
use crate::observed::spans_of;
use crate::wire::in_time;

/// The four shapes of calls, as `package.Service/Method`.
pub const SHAPES: [&str; 4] = [
    "example.Greeter/SayHello",
    "example.Greeter/Collect",
    "example.Greeter/Expand",
    "example.Greeter/Conversation",
];

/// Calls a method of any shape with some messages, and returns the answers up to the end.
///
/// If the shape takes only one message, the messages are joined.
pub(super) async fn call(
    greeter: &mut Greeter,
    method: &str,
    messages: &[&str],
    refuse: Option<&str>,
) -> Result<Vec<String>, Status> {
    let messages: Vec<_> = messages.iter().map(|it| (*it).to_owned()).collect();
    let all = messages.join(" ");
    let future = async {
        match method {
            "example.Greeter/SayHello" => {
                let answer = greeter.say_hello(refusing(all, refuse)).await?;
                Ok(vec![answer.into_inner()])
            }
            "example.Greeter/Collect" => {
                let request = refusing(stream::iter(messages), refuse);
                Ok(vec![greeter.collect(request).await?.into_inner()])
            }
            "example.Greeter/Expand" => {
                let answers = greeter.expand(refusing(all, refuse)).await?;
                read(answers.into_inner()).await
            }
            "example.Greeter/Conversation" => {
                let request = refusing(stream::iter(messages), refuse);
                read(greeter.conversation(request).await?.into_inner()).await
            }
            other => panic!("there is no {other}"),
        }
    };
    in_time("the call", future).await
}

fn refusing<M>(message: M, code: Option<&str>) -> Request<M> {
    let mut request = Request::new(message);
    if let Some(code) = code {
        let code = code.parse().expect("text");
        request.metadata_mut().insert("x-refuse", code);
    }
    request
}

async fn read(mut answers: Streaming<String>) -> Result<Vec<String>, Status> {
    let mut read = Vec::new();
    while let Some(answer) = answers.message().await? {
        read.push(answer);
    }
    Ok(read)
}

/// GR-01, GR-02, GR-03, GR-14, GR-15, GR-17: one CLIENT and one SERVER span over the whole call, one
/// point each, whatever the number of messages.
pub async fn every_shape_makes_one_span_on_each_side(app: &impl RpcApp) {
    for method in SHAPES {
        for messages in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
            let mut running = Running::start(app).await;
            let tracer = running.capture.tracer_provider().tracer("test");
            let parent = Context::new().with_span(tracer.start("parent"));
            let trace = parent.span().span_context().clone();

            let called = call(&mut running.greeter, method, messages, None);
            let answers = called.with_context(parent).await.expect("an answer");

            assert!(answers[0].starts_with("Hello a"), "{answers:?}");
            let (client, _) = running.expect(&Expected::call(method, "OK", "")).await;
            assert_eq!(client.span_context.trace_id(), trace.trace_id());
            assert_eq!(client.parent_span_id, trace.span_id());
        }
    }
}

/// GR-07: the current span of handlers and of their streams is the server's, and baggage arrives.
pub async fn handlers_and_streams_run_inside_the_span(app: &impl RpcApp) {
    for method in SHAPES {
        let mut running = Running::start(app).await;
        let context = Context::new().with_baggage([KeyValue::new("tenant", "acme")]);

        let called = call(&mut running.greeter, method, &["context"], None);
        let answers = called.with_context(context).await.expect("an answer");

        let (client, server) = running.expect(&Expected::call(method, "OK", "")).await;
        let (trace, span) = (
            client.span_context.trace_id(),
            server.span_context.span_id(),
        );
        assert_eq!(answers, [format!("{trace}-{span} local tenant=acme")]);
    }
}

/// GR-11: the work of handlers and streams is over when the server span ends. Tasks that they leave
/// running do not extend it.
pub async fn the_server_span_ends_after_its_children(app: &impl RpcApp) {
    for method in SHAPES {
        let mut running = Running::start(app).await;
        let capture = running.capture.clone();
        let called = call(&mut running.greeter, method, &["a"], None).await;
        called.expect("an answer");

        let (client, server) = running.expect(&Expected::call(method, "OK", "")).await;
        let children = spans_of(&capture, SpanKind::Internal, 1).await;
        for child in children {
            assert_eq!(child.parent_span_id, server.span_context.span_id());
            assert!(child.end_time <= server.end_time, "{method}");
        }
        assert!(client.start_time <= server.start_time);
    }

    let mut running = Running::start(app).await;
    let controller = running.controller.clone();
    call(&mut running.greeter, SHAPES[0], &["keep"], None)
        .await
        .expect("an answer");
    in_time("the task", controller.entered()).await;
    let expected = Expected::call(SHAPES[0], "OK", "");
    let (_, server) = running.expect(&expected).await;
    assert_eq!(controller.kept(), 1);
    assert!(server.end_time <= SystemTime::now());
}

/// GR-04, GR-06, GR-28: every code, for all shapes, with its message.
pub async fn codes_are_errors_by_the_side(app: &impl RpcApp) {
    for (number, name) in CODES {
        for method in SHAPES {
            let mut running = Running::start(app).await;
            let message = format!("status:{number}:caf\u{e9}");

            let called = call(&mut running.greeter, method, &[&message], None).await;

            let status = called.expect_err("an error");
            assert_eq!(status.code(), Code::from_i32(number));
            let expected = Expected::call(method, name, "caf\u{e9}");
            // If a method does not exist, the server says so.
            let is_recognised = name != "UNIMPLEMENTED";
            running
                .expect(&Expected {
                    server_method: is_recognised.then_some(method),
                    ..expected
                })
                .await;
        }
    }
}

/// A method may answer before it reads anything, and so may an interceptor before it. tonic reads
/// the only message of a unary call first.
pub async fn a_refusal_speaks_for_the_method_if_the_call_was_read(app: &impl RpcApp) {
    for (number, name) in [(3, "INVALID_ARGUMENT"), (5, "NOT_FOUND"), (13, "INTERNAL")] {
        for method in SHAPES {
            let mut running = Running::start(app).await;

            let code = number.to_string();
            let called = call(&mut running.greeter, method, &["a"], Some(&code)).await;

            let is_read = !["Collect", "Conversation"]
                .iter()
                .any(|it| method.ends_with(it));
            called.expect_err("a refusal");
            running
                .expect(&Expected {
                    server_method: is_read.then_some(method),
                    ..Expected::call(method, name, "refused")
                })
                .await;
        }
    }
}

/// GR-28: the code is that of the trailers, not that of the head.
pub async fn an_error_after_the_first_message_counts(app: &impl RpcApp) {
    for method in &SHAPES[2..] {
        let mut running = Running::start(app).await;
        let messages = ["a", "status:15:lost"];

        let called = call(&mut running.greeter, method, &messages, None).await;

        assert_eq!(called.expect_err("an error").code(), Code::DataLoss);
        running
            .expect(&Expected::call(method, "DATA_LOSS", "lost"))
            .await;
    }
}

/// The layers are indifferent to compression.
pub async fn compression_changes_nothing(app: &impl RpcApp) {
    let running = Running::start(app).await;
    let mut greeter = running.greeter.clone().compressed();
    let answer = greeter.say_hello("a".repeat(10_000)).await;
    assert_eq!(answer.expect("an answer").get_ref().len(), 10_006);
    running.expect(&Expected::call(SHAPES[0], "OK", "")).await;
}

/// Non-ASCII, binary, repeated and long metadata causes no panic and is not recorded.
pub async fn metadata_that_is_no_text_is_no_trouble(app: &impl RpcApp) {
    let mut running = Running::start(app).await;
    let mut request = Request::new("a".to_owned());
    let metadata = request.metadata_mut();
    metadata.insert_bin("trace-bin", MetadataValue::from_bytes(&[0, 255, 128]));
    metadata.insert_bin("grpc-trace-bin", MetadataValue::from_bytes(&[0; 29]));
    metadata.append("x-many", "1".parse().expect("text"));
    metadata.append("x-many", "2".parse().expect("text"));
    metadata.insert("x-long", "x".repeat(10_000).parse().expect("text"));
    let opaque = MetadataValue::try_from(&b"caf\xe9"[..]).expect("opaque text");
    metadata.insert("x-opaque", opaque);
    let opaque = MetadataValue::try_from(&b"a=\xff"[..]).expect("opaque text");
    metadata.insert("baggage", opaque);

    let answer = running.greeter.say_hello(request).await;

    answer.expect("an answer");
    running.expect(&Expected::call(SHAPES[0], "OK", "")).await;
}

/// GR-09: health checks and reflection, by generated clients.
pub async fn generated_services_are_recorded_as_any_other(app: &impl RpcApp) {
    let running = Running::start(app).await;
    let channel = || {
        let config = ClientConfig::new().providers(running.capture.providers());
        let endpoint = endpoint(running.address());
        let layer = otel_middleware_tonic::OtelClientLayer::with_config(config);
        tower::ServiceBuilder::new()
            .layer(layer.endpoint(&endpoint))
            .service(endpoint.connect_lazy())
    };
    let mut health = HealthClient::with_interceptor(channel(), Ok);
    health
        .check(HealthCheckRequest::default())
        .await
        .expect("health");
    let mut watching = health
        .watch(HealthCheckRequest::default())
        .await
        .expect("a stream")
        .into_inner();
    watching.message().await.expect("a status");
    drop(watching);
    let request = tonic_reflection::pb::v1alpha::ServerReflectionRequest::default();
    let mut reflection = ServerReflectionClient::new(channel());
    let mut answers = reflection
        .server_reflection_info(stream::iter([request]))
        .await
        .expect("a stream")
        .into_inner();
    while let Ok(Some(_)) = answers.message().await {}

    for kind in [SpanKind::Client, SpanKind::Server] {
        let mut spans = spans_of(&running.capture, kind, 3).await;
        spans.sort_by_key(|span: &SpanData| span.start_time);
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(
            names,
            [
                "grpc.health.v1.Health/Check",
                "grpc.health.v1.Health/Watch",
                "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            ]
        );
    }
}

/// The number and the name of every error.
const CODES: [(i32, &str); 16] = [
    (1, "CANCELLED"),
    (2, "UNKNOWN"),
    (3, "INVALID_ARGUMENT"),
    (4, "DEADLINE_EXCEEDED"),
    (5, "NOT_FOUND"),
    (6, "ALREADY_EXISTS"),
    (7, "PERMISSION_DENIED"),
    (8, "RESOURCE_EXHAUSTED"),
    (9, "FAILED_PRECONDITION"),
    (10, "ABORTED"),
    (11, "OUT_OF_RANGE"),
    (12, "UNIMPLEMENTED"),
    (13, "INTERNAL"),
    (14, "UNAVAILABLE"),
    (15, "DATA_LOSS"),
    (16, "UNAUTHENTICATED"),
];
