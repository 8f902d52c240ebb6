//! hyper-util's client behind the layer for any tower service of `http` requests. Each request gets
//! a client span, a point of the duration metric, and the trace's context.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-transport --bin hyper_client
//! ```
//!
//! It calls a server of its own, and a port without a server, and prints the spans of both requests
//! and of the server.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use otel_instrumentation::tower::{ClientLayer, UrlTemplate};
use otel_instrumentation::{ClientConfig, instrumentation_scope};
use otel_middleware_axum::OtelLayer;
use tokio::net::TcpListener;
use tower::{BoxError, ServiceBuilder, ServiceExt};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), ask())
}

async fn ask() -> Result<(), BoxError> {
    let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    // With `body_end`, the span lasts until the body has been read.
    let config = ClientConfig::new().body_end(true);
    let client = ServiceBuilder::new()
        .layer(ClientLayer::new(scope, config))
        // The layer only inspects boxed errors. In a box, a refused connection is recognized as
        // `connect`.
        .map_err(BoxError::from)
        .service(Client::builder(TokioExecutor::new()).build_http::<Empty<&[u8]>>());

    let request = Request::get(format!("{}/users/7", serve().await?))
        .extension(UrlTemplate("/users/{id}"))
        .body(Empty::new())?;
    let answer = client.clone().oneshot(request).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&body));

    let nobody = Request::get("http://127.0.0.1:9/").body(Empty::new())?;
    println!("answered: {}", client.oneshot(nobody).await.is_ok());
    Ok(())
}

async fn serve() -> std::io::Result<String> {
    let app = Router::new().route("/users/{id}", get(async || "a user"));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app.layer(OtelLayer::new())).into_future());
    Ok(url)
}
