//! The service of the README: `curl http://127.0.0.1:3000/users/7`, and Ctrl-C to see that
//! everything is exported at the end.

use std::net::SocketAddr;

use axum::{Router, extract::Path, routing::get};
use otel_middleware_axum::OtelLayer;

#[tracing::instrument]
async fn user(Path(id): Path<u32>) -> String {
    tracing::info!(plan = "free", "looked up");
    format!("user {id}")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = otel_autoconfigure::init()?;

    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    // Ctrl-C and SIGTERM. A process that is killed by them exports nothing any more.
    .with_graceful_shutdown(otel_autoconfigure::shutdown_signal())
    .await?;
    Ok(())
}
