//! A reqwest client: one middleware makes a client span and the duration metric of every call, and
//! sends the trace's context along.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-reqwest
//! ```
//!
//! It calls a server of its own once, which returns what it received, and prints the spans
//! `GET /users/{id}` and `user`.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::get;
use otel_middleware_reqwest::{OtelMiddleware, UrlTemplate};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    // Exports the rest at the end.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), ask())
}

async fn ask() -> Result<(), Box<dyn Error>> {
    // A proxy from the environment would not find loopback.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let client = ClientBuilder::new(client)
        .with(OtelMiddleware::new())
        .build();

    let server = serve().await?;
    println!("{}", user(&client, server, 7).await?);
    Ok(())
}

/// The span of the call becomes a child of this function's span.
#[tracing::instrument(skip(client, server))]
async fn user(
    client: &ClientWithMiddleware,
    server: SocketAddr,
    id: u32,
) -> reqwest_middleware::Result<String> {
    let response = client
        .get(format!("http://{server}/users/{id}"))
        // Without it, the span is named `GET`: ids do not belong in names.
        .with_extension(UrlTemplate("/users/{id}".into()))
        .send();
    Ok(response.await?.error_for_status()?.text().await?)
}

/// A service without telemetry, which returns what it received.
async fn serve() -> io::Result<SocketAddr> {
    let app = Router::new().route("/users/{id}", get(sent));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(address)
}

async fn sent(Path(id): Path<u32>, headers: HeaderMap) -> String {
    let context = headers.get("traceparent");
    let context = context.and_then(|value| value.to_str().ok());
    format!("user {id}, traceparent {}", context.unwrap_or("missing"))
}
