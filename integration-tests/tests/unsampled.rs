//! Requests that are not sampled and not measured: nothing is recorded, but the context is passed
//! on and their route or method is learned.

#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
};
use otel_instrumentation::Providers;
use otel_instrumentation::testing::Capture;
use otel_middleware_axum::OtelLayer;
use otel_middleware_tonic::{OtelServerLayer, ServerConfig};
use tonic::service::Routes;
use tower::{Layer, ServiceExt, service_fn};

/// A configuration with this sampler and without metrics.
fn traced(sampler: impl ShouldSample + 'static) -> ServerConfig {
    let tracers = SdkTracerProvider::builder().with_sampler(sampler).build();
    ServerConfig::new().providers(Providers::new(tracers, NoopMeterProvider::new()))
}

#[tokio::test]
async fn a_second_layer_does_not_record_what_the_first_did_not_sample() {
    let inner = Capture::with_sampler(Sampler::AlwaysOn);
    let seen = Arc::new(Mutex::new(None));
    let service = service_fn(|_: Request<Body>| {
        let span = Context::current().span().span_context().clone();
        *seen.lock().unwrap() = Some(span);
        async { Ok::<_, Infallible>(Response::new(Body::from("answer"))) }
    });
    let config = ServerConfig::new().providers(inner.providers());
    let service = OtelLayer::with_config(config).layer(service);
    let service = OtelLayer::with_config(traced(Sampler::AlwaysOff)).layer(service);

    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();

    assert_eq!(body, "answer");
    assert!(inner.spans().is_empty());
    assert!(inner.points("http.server.request.duration").is_empty());
    let span = seen.lock().unwrap().take().unwrap();
    assert!(span.is_valid() && !span.is_sampled(), "{span:?}");
}

/// Samples all but unnamed spans, and remembers what it was asked.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Vec<Question>>>);

/// The span's name and route.
type Question = (String, Option<String>);

impl ShouldSample for Asked {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let mut attributes = attributes.iter();
        let route = attributes.find(|it| it.key.as_str() == "http.route");
        let route = route.map(|it| it.value.to_string());
        self.0.lock().unwrap().push((name.to_owned(), route));
        SamplingResult {
            decision: match name {
                "grpc" => SamplingDecision::Drop,
                _ => SamplingDecision::RecordAndSample,
            },
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}

#[tokio::test]
async fn a_method_is_learned_from_a_call_that_is_not_sampled() {
    let sampler = Asked::default();
    let (_, health) = tonic_health::server::health_reporter();
    let layer = OtelServerLayer::with_config(traced(sampler.clone()));
    let service = layer.layer(Routes::new(health).prepare());

    for _ in 0..2 {
        let call = Request::post("http://shop.example/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .body(tonic::body::Body::new(Full::new(Bytes::from_static(
                &[0; 5],
            ))));
        let response = service.clone().oneshot(call.unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap();
    }

    let asked = sampler.0.lock().unwrap();
    let names = asked.iter().map(|(name, _)| name.as_str());
    let names: Vec<_> = names.collect();
    assert_eq!(names, ["grpc", "grpc.health.v1.Health/Check"]);
}

#[tokio::test]
async fn a_sampler_sees_the_route_on_axum() {
    let sampler = Asked::default();
    let layer = OtelLayer::with_config(traced(sampler.clone()));
    let app = axum::Router::new()
        .route("/orders/{id}", axum::routing::get(|| async { "" }))
        .layer(layer);

    let request = Request::get("/orders/7").body(axum::body::Body::empty());
    let response = app.oneshot(request.unwrap()).await.unwrap();

    assert_eq!(response.status(), 200);
    let asked = sampler.0.lock().unwrap().clone();
    let route = "/orders/{id}".to_owned();
    assert_eq!(asked, [("GET /orders/{id}".to_owned(), Some(route))]);
}

/// actix calls its middlewares before it routes.
#[test]
fn a_sampler_sees_no_route_on_actix() {
    let sampler = Asked::default();
    let middleware = otel_middleware_actix::OtelMiddleware::with_config(traced(sampler.clone()));
    actix_web::rt::System::new().block_on(async {
        let answer = actix_web::web::get().to(actix_web::HttpResponse::Ok);
        let app = actix_web::App::new()
            .wrap(middleware)
            .route("/orders/{id}", answer);
        let app = actix_web::test::init_service(app).await;
        let request = actix_web::test::TestRequest::get().uri("/orders/7");
        let response = actix_web::test::call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 200);
    });

    let asked = sampler.0.lock().unwrap().clone();
    assert_eq!(asked, [("GET".to_owned(), None)]);
}
