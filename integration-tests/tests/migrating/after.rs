//! The "after" code of `docs/migrating.md`, literally.

use std::error::Error;
use std::time::Duration;

use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use axum::{Router, routing::get};
use otel_middleware_actix::OtelMiddleware as ForActix;
use otel_middleware_axum::ServerConfig;
use reqwest_middleware::ClientBuilder;
use reqwest_middleware::ClientWithMiddleware;
use tonic::transport::Server;

async fn user() {}

pub(crate) fn from_opentelemetry_instrumentation_tower() -> Router {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(otel_middleware_axum::OtelLayer::new());
    app
}

/// From opentelemetry-instrumentation-actix-web, and from tracing-actix-web.
pub(crate) fn in_actix() -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    use ForActix as OtelMiddleware;
    let app = App::new().wrap(OtelMiddleware::new());
    app
}

/// From axum-tracing-opentelemetry and tonic-tracing-opentelemetry.
pub(crate) fn from_tracing_opentelemetry(app: Router) -> Router {
    let config = ServerConfig::new().server_timing(true); // in the place of OtelInResponseLayer
    let app = app.layer(otel_middleware_axum::OtelLayer::with_config(config));
    let server = Server::builder().layer(otel_middleware_tonic::OtelServerLayer::new());
    drop(server);
    app
}

/// From tower-otel, tower-http-opentelemetry, axum-otel, oxtel and fastrace-axum.
pub(crate) fn in_axum(app: Router) -> Router {
    let app = app.layer(otel_middleware_axum::OtelLayer::new()); // in `serve`
    app
}

pub(crate) fn from_reqwest_tracing() -> ClientWithMiddleware {
    use otel_middleware_reqwest::OtelMiddleware;
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(OtelMiddleware::new())
        .build();
    client
}

pub(crate) async fn from_fastrace_reqwest(
    client: ClientWithMiddleware,
    url: &str,
) -> reqwest_middleware::Result<reqwest::Response> {
    let response = client.get(url).send().await?; // a client with OtelMiddleware
    Ok(response)
}

/// From oxtel and fastrace.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(10), serve()) // all of a plain `fn main`
}

async fn serve() -> Result<(), Box<dyn Error>> {
    Ok(())
}
