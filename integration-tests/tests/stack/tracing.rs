//! Spans and events of `tracing` beside our spans, in both directions.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use integration_tests::apps::peer::Peer;
use integration_tests::observed::spans_of;
use opentelemetry::trace::{SpanId, SpanKind, TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use otel_middleware_reqwest::{ClientConfig, OtelMiddleware};
use otel_tracing_bridge::{ContextSubscriber, RecordLayer, SpanLayer};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::trace::TraceLayer;
use tracing::instrument::WithSubscriber;
use tracing::{Dispatch, Instrument, Level, info, info_span};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

/// Exports spans of `tracing` to OpenTelemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bridge {
    Ours,
    Foreign,
    /// It does not make the context of an entered span the current one.
    Inactive,
}

impl Bridge {
    const ALL: [Self; 3] = [Self::Ours, Self::Foreign, Self::Inactive];
}

fn subscriber(capture: &Capture, bridge: Bridge) -> Dispatch {
    let registry = tracing_subscriber::registry();
    if bridge == Bridge::Ours {
        let layer = SpanLayer::new(capture.tracer_provider().clone());
        return ContextSubscriber::new(registry.with(layer)).into();
    }
    let tracer = capture.tracer_provider().tracer("tracing");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_context_activation(bridge == Bridge::Foreign);
    registry.with(layer).into()
}

fn server(capture: &Capture) -> OtelLayer {
    OtelLayer::with_config(ServerConfig::new().providers(capture.providers()))
}

fn client(capture: &Capture) -> ClientWithMiddleware {
    let config = ClientConfig::new().providers(capture.providers());
    ClientBuilder::new(reqwest::Client::new())
        .with(OtelMiddleware::with_config(config))
        .build()
}

type Answer = Result<Response<Empty<Bytes>>, Infallible>;

/// Is polled twice, and returns nothing.
async fn work(_: Request<Empty<Bytes>>) -> Answer {
    tokio::task::yield_now().await;
    Ok(Response::new(Empty::new()))
}

async fn ask<S, B>(service: S)
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
{
    let traceparent = "00-00000000000000000000000000000123-0000000000000456-01";
    let request = Request::get("/").header("traceparent", traceparent);
    let request = request.body(Empty::new()).expect("a request");
    service.oneshot(request).await.expect("a response");
}

async fn only(capture: &Capture, kind: SpanKind) -> SpanData {
    spans_of(capture, kind, 1).await.remove(0)
}

fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id());
    assert_eq!(
        child.span_context.trace_id(),
        parent.span_context.trace_id()
    );
}

#[tokio::test]
async fn a_tracing_span_in_a_handler_is_the_server_spans_child() {
    for bridge in Bridge::ALL {
        let capture = Capture::new();
        let handler = service_fn(|request| work(request).instrument(info_span!("work")));
        ask(server(&capture).layer(handler))
            .with_subscriber(subscriber(&capture, bridge))
            .await;

        let server = only(&capture, SpanKind::Server).await;
        assert_eq!(server.parent_span_id.to_string(), "0000000000000456");
        let work = only(&capture, SpanKind::Internal).await;
        assert_eq!(work.name, "work");
        assert_child(&work, &server);
    }
}

/// Without activation, nothing tells the `tracing` span.
#[tokio::test]
async fn a_request_inside_of_a_tracing_span_is_its_child_where_it_is_activated() {
    for bridge in Bridge::ALL {
        let (capture, peer) = (Capture::new(), Peer::start().await);
        let client = client(&capture);
        async {
            let request = client.get(format!("http://{}/success", peer.address()));
            let answer = request.send().instrument(info_span!("work")).await;
            answer.expect("an answer");
        }
        .with_subscriber(subscriber(&capture, bridge))
        .await;

        let client = only(&capture, SpanKind::Client).await;
        let work = only(&capture, SpanKind::Internal).await;
        if bridge != Bridge::Inactive {
            assert_child(&client, &work);
        } else {
            assert_eq!(client.parent_span_id, SpanId::INVALID);
        }
    }
}

/// Server span, `tracing` span and client span are nested. Without activation the client span's
/// parent is the server span.
#[tokio::test]
async fn a_request_of_a_handler_stays_in_the_trace() {
    for bridge in Bridge::ALL {
        let (capture, peer) = (Capture::new(), Peer::start().await);
        let (client, url) = (
            client(&capture),
            format!("http://{}/success", peer.address()),
        );
        let handler = service_fn(move |request| {
            let sending = client.get(&url).send();
            async {
                sending.await.expect("an answer");
                work(request).await
            }
            .instrument(info_span!("work"))
        });
        ask(server(&capture).layer(handler))
            .with_subscriber(subscriber(&capture, bridge))
            .await;

        let server = only(&capture, SpanKind::Server).await;
        let client = only(&capture, SpanKind::Client).await;
        let work = only(&capture, SpanKind::Internal).await;
        assert_child(&work, &server);
        assert_child(
            &client,
            match bridge {
                Bridge::Ours | Bridge::Foreign => &work,
                Bridge::Inactive => &server,
            },
        );
    }
}

/// Inside, the span of tower-http is a part of the request. Outside, it begins a trace of its own,
/// as any span does before the request's context is read.
#[tokio::test]
async fn the_trace_layer_belongs_inside() {
    for bridge in Bridge::ALL {
        let capture = Capture::new();
        let trace = TraceLayer::new_for_http()
            .make_span_with(|_: &Request<Empty<Bytes>>| info_span!("tower-http"));
        let service = trace.clone().layer(service_fn(work));
        ask(server(&capture).layer(service))
            .with_subscriber(subscriber(&capture, bridge))
            .await;
        let server_span = only(&capture, SpanKind::Server).await;
        let inner = only(&capture, SpanKind::Internal).await;
        assert_child(&inner, &server_span);

        let capture = Capture::new();
        let service = server(&capture).layer(service_fn(work));
        ask(trace.layer(service))
            .with_subscriber(subscriber(&capture, bridge))
            .await;
        let server_span = only(&capture, SpanKind::Server).await;
        assert_eq!(server_span.parent_span_id.to_string(), "0000000000000456");
        let outer = only(&capture, SpanKind::Internal).await;
        assert_eq!(outer.parent_span_id, SpanId::INVALID);
        assert_ne!(
            outer.span_context.trace_id(),
            server_span.span_context.trace_id()
        );
    }
}

/// Whether spans of `tracing` are exported to OpenTelemetry.
#[tokio::test]
async fn log_records_have_the_ids_of_the_server_span() {
    for is_ours in [true, false] {
        let (capture, exporter) = (Capture::new(), InMemoryLogExporter::default());
        let logs = SdkLoggerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let handler = service_fn(async |request| {
            info!("before");
            let answer = work(request).await;
            info!("after");
            answer
        });
        // The SDK may log, too, if another crate of the build enables that.
        let filter = Targets::new().with_target(module_path!(), Level::INFO);
        let registry = tracing_subscriber::registry();
        let dispatch: Dispatch = match is_ours {
            true => registry
                .with(RecordLayer::new(&logs).with_filter(filter))
                .into(),
            false => {
                let layer = OpenTelemetryTracingBridge::new(&logs);
                registry.with(layer.with_filter(filter)).into()
            }
        };
        ask(server(&capture).layer(handler))
            .with_subscriber(dispatch)
            .await;

        let server = only(&capture, SpanKind::Server).await.span_context;
        let records = exporter.get_emitted_logs().expect("logs");
        assert_eq!(records.len(), 2);
        for record in records {
            let context = record.record.trace_context().expect("a trace");
            assert_eq!(context.trace_id, server.trace_id());
            assert_eq!(context.span_id, server.span_id());
            assert_eq!(context.trace_flags, Some(server.trace_flags()));
        }
    }
}
