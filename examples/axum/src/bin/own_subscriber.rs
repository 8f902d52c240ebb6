//! A `tracing` subscriber of your own, with the layer that exports its spans and events.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ RUST_LOG=warn cargo run -p example-axum --bin own_subscriber &
//! $ curl http://127.0.0.1:3000/users/7
//! ```
//!
//! It prints the span `GET /users/{id}` and its child `user`, although `RUST_LOG` hides the log
//! lines of `user`: quieter logs do not break the trace. It ends with Ctrl-C.

use std::env;
use std::error::Error;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use otel_autoconfigure::{ContextSubscriber, shutdown_signal};
use otel_middleware_axum::OtelLayer;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

fn main() -> Result<(), Box<dyn Error>> {
    let telemetry = otel_autoconfigure::builder().without_subscriber().init()?;
    // The level if `RUST_LOG` is not set; by default an `EnvFilter` only lets errors through.
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    let subscriber = tracing_subscriber::registry()
        .with(filter.from_env_lossy())
        .with(telemetry.layer())
        .with(fmt::layer().with_writer(io::stderr));
    // Wraps the whole subscriber, so that the filter does not remove spans together with events.
    ContextSubscriber::new(subscriber).try_init()?;

    telemetry.run(Duration::from_secs(2), serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::new());
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown_signal())
        .await?;
    Ok(())
}

#[tracing::instrument]
async fn user(Path(id): Path<u32>) -> String {
    tracing::info!(id, "looked up");
    format!("user {id}")
}
