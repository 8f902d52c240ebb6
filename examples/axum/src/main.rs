//! An axum service: one layer makes a server span and the duration metric of every request.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-axum
//! ```
//!
//! It answers one request, its own, prints the span `GET /users/{id}` and ends. Without the
//! variables everything goes to a collector on `localhost:4318`.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use otel_middleware_axum::OtelLayer;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Exports what is left when it is dropped.
    let _telemetry = otel_autoconfigure::init()?;

    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::new());

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // That tells the layer the client's address.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    // A service would serve until `otel_autoconfigure::shutdown_signal()` says to stop; this one
    // has a request to send.
    tokio::spawn(axum::serve(listener, app).into_future());

    println!("{}", call(address).await?);
    Ok(())
}

async fn user(Path(id): Path<u32>) -> String {
    // The line ends with the ids of the span.
    tracing::info!(id, "looked up");
    format!("user {id}")
}

/// What a client without any telemetry would do.
async fn call(address: SocketAddr) -> reqwest::Result<String> {
    // A proxy from the environment would not find loopback.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let response = client.get(format!("http://{address}/users/7")).send();
    response.await?.error_for_status()?.text().await
}
