//! The service of the README: `curl http://127.0.0.1:3000/users/7`, and Ctrl-C to see that
//! everything is exported at the end.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::{Router, extract::Path, routing::get};
use otel_autoconfigure::shutdown_signal;
use otel_middleware_axum::OtelLayer;

#[tracing::instrument]
async fn user(Path(id): Path<u32>) -> String {
    tracing::info!(plan = "free", "looked up");
    format!("user {id}")
}

fn main() -> Result<(), Box<dyn Error>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(10), serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown_signal())
        .await?;
    Ok(())
}
