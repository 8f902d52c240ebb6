//! The "before" code of `docs/migrating.md`, literally.
//!
//! `integration-tests/tests/migrating` compares it with the page, and has the "after" code.
//! axum-otel is missing, because its otel-http needs a newer Rust than the rest.

use actix_web::App;
use axum::{Router, routing::get};
use axum_tracing_opentelemetry::middleware::{OtelAxumLayer, OtelInResponseLayer};
use opentelemetry::metrics::Meter;
use opentelemetry_instrumentation_actix_web::{RequestMetrics, RequestTracing};
use reqwest_middleware::ClientBuilder;
use reqwest_tracing::TracingMiddleware;
use tonic::transport::Server;
use tower_http_opentelemetry::extract::AxumHttpRouteExtractor;
use tower_http_opentelemetry::http::server::HttpServerTelemetryLayer;
use tower_otel::{metrics, trace};
use tracing::Level;
use tracing_actix_web::TracingLogger;

async fn user() {}

pub fn opentelemetry_instrumentation_tower() -> Router {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(opentelemetry_instrumentation_tower::http::server::Layer::new());
    app
}

pub fn opentelemetry_instrumentation_actix_web() {
    let app = App::new()
        .wrap(RequestTracing::new())
        .wrap(RequestMetrics::default());
    let _ = app;
}

pub fn axum_tracing_opentelemetry(app: Router) -> Router {
    let app = app
        .layer(OtelInResponseLayer)
        .layer(OtelAxumLayer::default());
    let server = Server::builder()
        .layer(tonic_tracing_opentelemetry::middleware::server::OtelGrpcLayer::default());
    let _ = server;
    app
}

pub fn tower_otel(app: Router, meter: Meter) -> Router {
    let app = app
        .layer(trace::HttpLayer::server(Level::INFO))
        .layer(metrics::HttpLayer::server(&meter));
    app
}

pub fn tower_http_opentelemetry(app: Router) -> Router {
    let app = app
        .layer(HttpServerTelemetryLayer::new().with_http_route_extractor(AxumHttpRouteExtractor));
    app
}

pub fn tracing_actix_web() {
    let app = App::new().wrap(TracingLogger::default());
    let _ = app;
}

pub fn reqwest_tracing() {
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(TracingMiddleware::default())
        .build();
    let _ = client;
}

pub fn oxtel(app: Router) -> Result<Router, Box<dyn std::error::Error>> {
    let _telemetry = oxtel::init()?;
    let app = app.layer(oxtel_tower::HttpServerLayer::new());
    Ok(app)
}

pub async fn fastrace(
    app: Router,
    client: reqwest::Client,
    url: &str,
) -> Result<Router, reqwest::Error> {
    let reporter = fastrace::collector::ConsoleReporter;
    fastrace::set_reporter(reporter, fastrace::collector::Config::default());
    let app = app.layer(fastrace_axum::FastraceLayer::default());
    let response = client
        .get(url)
        .headers(fastrace_reqwest::traceparent_headers())
        .send()
        .await?;
    let _ = response;
    Ok(app)
}
