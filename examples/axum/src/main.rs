//! An axum service: one layer makes a server span and the duration metric of every request.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-axum &
//! $ curl http://127.0.0.1:3000/users/7
//! ```
//!
//! It prints the span `GET /users/{id}`, and ends with Ctrl-C. Without the variables, everything is
//! sent to a collector on `localhost:4318`. `PORT` sets another port.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt, stream};
use otel_autoconfigure::shutdown_signal;
use otel_middleware_axum::OtelLayer;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    // Two seconds after SIGTERM, `/events` is cut off, its span ends, and everything is exported.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .route("/orders", post(order))
        .route("/events", get(events))
        .layer(OtelLayer::new());

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    // This gives the layer the client's address.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown_signal())
        .await?;
    Ok(())
}

async fn user(Path(id): Path<u32>) -> String {
    // The line ends with the ids of the span.
    tracing::info!(id, "looked up");
    format!("user {id}")
}

async fn order(item: String) -> String {
    format!("ordered {item}")
}

/// One event, and then no more. The span lasts as long as the stream.
async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = stream::iter([Ok(Event::default().data("welcome"))]);
    Sse::new(first.chain(stream::pending()))
}
