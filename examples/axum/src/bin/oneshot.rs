//! A function that is frozen between its invocations, as on AWS Lambda: no server, no signal. Each
//! invocation calls the router once, and exports before it answers.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ printf '/users/7\n/users/8\n' | cargo run -p example-axum --bin oneshot
//! ```
//!
//! Each line is a path to invoke. It prints the span `GET /users/{id}` and then the answer.

use std::error::Error;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::Request;
use axum::routing::get;
use otel_autoconfigure::Telemetry;
use otel_middleware_axum::OtelLayer;
use tokio::runtime::Runtime;
use tokio::task::spawn_blocking;
use tower::ServiceExt;

fn main() -> Result<(), Box<dyn Error>> {
    // In an `Arc`, and created before the runtime, so that it is dropped last.
    let telemetry = Arc::new(otel_autoconfigure::init()?);
    let runtime = Runtime::new()?;
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::new());
    // Stands for the event loop of Lambda's runtime.
    for path in io::stdin().lines() {
        let answer = runtime.block_on(invoke(app.clone(), telemetry.clone(), &path?))?;
        println!("{answer}");
    }
    Ok(())
}

async fn invoke(
    app: Router,
    telemetry: Arc<Telemetry>,
    path: &str,
) -> Result<String, Box<dyn Error>> {
    let request = Request::get(path).body(Body::empty())?;
    let response = app.oneshot(request).await?;
    // Reads to the end: the span ends with the body.
    let body = to_bytes(response.into_body(), 1024 * 1024).await?;
    // The process may be frozen as soon as it has answered. A failure is reported by the next
    // success or at the end; the invocation itself has succeeded.
    let _ = spawn_blocking(move || telemetry.flush()).await?;
    Ok(String::from_utf8(body.to_vec())?)
}

async fn user(Path(id): Path<u32>) -> String {
    format!("user {id}")
}
