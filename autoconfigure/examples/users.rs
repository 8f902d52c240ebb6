//! The service of the README: `curl http://127.0.0.1:3000/users/7`, and Ctrl-C to see that
//! everything is exported at the end.

use std::net::SocketAddr;
use std::time::Duration;

use axum::{Router, extract::Path, routing::get};
use otel_autoconfigure::{shutdown_deadline, shutdown_signal};
use otel_middleware_axum::OtelLayer;

#[tracing::instrument]
async fn user(Path(id): Path<u32>) -> String {
    tracing::info!(plan = "free", "looked up");
    format!("user {id}")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = otel_autoconfigure::init()?;
    // Dropped before the guard, with the requests that are still open then: they are exported, too.
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serve())?;
    Ok(())
}

async fn serve() -> std::io::Result<()> {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    // Ctrl-C and SIGTERM. A process that is killed by them exports nothing any more.
    let server = axum::serve(listener, app).with_graceful_shutdown(shutdown_signal());
    tokio::select! {
        served = server.into_future() => served,
        // Streams without end do not hold it up.
        () = shutdown_deadline(Duration::from_secs(10)) => Ok(()),
    }
}
