//! tonic: the generated health service, behind the routes of a server, without a socket.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanBuilder, SpanKind};
use otel_instrumentation::tower::RequestHeaders;
use tonic::body::Body;
use tonic::service::Routes;
use tonic_tracing_opentelemetry::middleware::server::OtelGrpcLayer;
use tower::{Layer, Service, ServiceExt};
use tower_http_opentelemetry::http::server::HttpServerTelemetryLayer;

use crate::column::{self, Column, FLOOR, Kind};
use crate::floor::Handles;
use crate::floor::tower::{Facts, Floor};
use crate::setup::{Setup, tracestate};

/// The columns of tonic's server.
pub const COLUMNS: &[Column] = &[
    column("bare", Kind::Nothing, |setup| drive(routes(), setup)),
    column(FLOOR, Kind::Floor, |setup| {
        drive(floor(setup).layer(routes()), setup)
    }),
    column("otel-middleware-tonic", Kind::Ours, |setup| {
        let layer = otel_middleware_tonic::OtelServerLayer::new();
        drive(layer.layer(routes()), setup)
    }),
    column(
        "otel-middleware-tonic, beside the SDK's propagator",
        Kind::OursWithPropagator,
        |setup| {
            let layer = otel_middleware_tonic::OtelServerLayer::new();
            drive(layer.layer(routes()), setup)
        },
    ),
    column(
        "opentelemetry-instrumentation-tower (as HTTP)",
        Kind::Api,
        |setup| {
            let layer = opentelemetry_instrumentation_tower::http::server::Layer::new();
            drive(layer.layer(routes()), setup)
        },
    ),
    column(
        "tonic-tracing-opentelemetry",
        Kind::Tracing { metrics: false },
        |setup| drive(OtelGrpcLayer::default().layer(routes()), setup),
    ),
    column(
        "tower-http-opentelemetry (as HTTP)",
        Kind::Tracing { metrics: true },
        |setup| drive(HttpServerTelemetryLayer::new().layer(routes()), setup),
    ),
];

const fn column(name: &'static str, kind: Kind, subject: fn(Setup) -> column::Request) -> Column {
    Column {
        framework: "tonic",
        name,
        kind,
        subject,
    }
}

fn floor(setup: Setup) -> Floor<3> {
    Floor {
        handles: Handles::new(setup, "rpc.server.call.duration"),
        facts: Facts {
            span,
            status: |_, trailers| {
                let status = trailers.and_then(|trailers| trailers.get("grpc-status"));
                let is_ok = status.is_some_and(|status| status == "0");
                KeyValue::new("rpc.status_code", if is_ok { "OK" } else { "UNKNOWN" })
            },
            labels: |status| {
                [
                    KeyValue::new("rpc.system.name", "grpc"),
                    KeyValue::new("rpc.method", METHOD),
                    status,
                ]
            },
        },
    }
}

fn span(_: &Uri, _: &RequestHeaders<'_>) -> SpanBuilder {
    let mut attributes = Vec::with_capacity(6);
    attributes.push(KeyValue::new("rpc.system.name", "grpc"));
    attributes.push(KeyValue::new("rpc.method", METHOD));
    attributes.push(KeyValue::new("server.address", "shop.example"));
    attributes.push(KeyValue::new("server.port", 8080));
    SpanBuilder {
        span_kind: Some(SpanKind::Server),
        attributes: Some(attributes),
        ..SpanBuilder::from_name(METHOD)
    }
}

const METHOD: &str = "grpc.health.v1.Health/Check";

/// The health service, without a middleware.
pub fn routes() -> Routes {
    let (_, health) = tonic_health::server::health_reporter();
    Routes::new(health).prepare()
}

/// Sends requests to the service, one after another.
pub fn drive<S, B>(service: S, setup: Setup) -> column::Request
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
    B: http_body::Body<Data = Bytes>,
{
    Box::new(move || {
        futures_executor::block_on(async {
            let answered = service.clone().oneshot(request(setup)).await;
            let read = match answered {
                Ok(response) => response.into_body().collect().await.ok(),
                Err(_) => None,
            };
            let status = read
                .as_ref()
                .and_then(|body| body.trailers()?.get("grpc-status"));
            assert!(status.is_some_and(|status| status == "0"));
        });
    })
}

/// An empty message, which asks for the health of the whole server.
fn request(setup: Setup) -> Request<Body> {
    let request = Request::post("http://shop.example:8080/grpc.health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", "benchmarks/1.0")
        .header("traceparent", setup.traceparent());
    let request = match tracestate() {
        Some(tracestate) => request.header("tracestate", tracestate),
        None => request,
    };
    let message = Full::new(Bytes::from_static(&[0, 0, 0, 0, 0]));
    request.body(Body::new(message)).unwrap_or_default()
}
