//! Retries with reqwest-retry: one span per attempt, with `http.request.resend_count` from the
//! second on.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-reqwest --bin retry
//! ```
//!
//! It calls a server of its own that fails twice, and prints three spans `GET` below one `order`.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use otel_middleware_reqwest::OtelMiddleware;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), ask())
}

async fn ask() -> Result<(), Box<dyn Error>> {
    let policy = ExponentialBackoff::builder()
        .retry_bounds(Duration::from_millis(10), Duration::from_secs(1))
        .build_with_max_retries(3);
    // A proxy from the environment would not find loopback.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let client = ClientBuilder::new(client)
        // The order matters: a middleware after the retries runs for each attempt.
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .with(OtelMiddleware::new())
        .build();
    println!("{}", order(&client, &serve().await?).await?);
    Ok(())
}

/// The attempts are children of its span.
#[tracing::instrument(skip_all)]
async fn order(client: &ClientWithMiddleware, url: &str) -> reqwest_middleware::Result<String> {
    Ok(client.get(url).send().await?.text().await?)
}

/// A server that answers the third request.
async fn serve() -> std::io::Result<String> {
    let asked = Arc::new(AtomicU32::new(0));
    let answer = move || async move {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(StatusCode::SERVICE_UNAVAILABLE),
            _ => Ok("ordered"),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, Router::new().route("/", get(answer))).into_future());
    Ok(url)
}
