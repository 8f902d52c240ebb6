//! A WebSocket with axum: the request's span ends with the upgrade, and each message has its own
//! span.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-axum --bin websocket &
//! $ websocat ws://127.0.0.1:3000/chat
//! ```
//!
//! It echoes each message, prints the spans `GET /chat` and `message`, and ends with Ctrl-C.

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer};
use otel_autoconfigure::shutdown_signal;
use otel_middleware_axum::OtelLayer;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    // Two seconds after SIGTERM, open sockets are closed, and everything is exported.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/chat", any(chat))
        .layer(OtelLayer::new());
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown_signal())
        .await?;
    Ok(())
}

async fn chat(upgrade: WebSocketUpgrade) -> Response {
    // The socket is served by a separate task. With the context, its spans are children of the
    // request's span, which has ended by then.
    let context = Context::current();
    upgrade.on_upgrade(|socket| answer(socket).with_context(context))
}

async fn answer(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else {
            continue;
        };
        let span = opentelemetry::global::tracer("chat").start("message");
        let context = Context::current_with_span(span);
        let answer = Message::Text(format!("you said {text}").into());
        // The span ends with the last clone of its context.
        if socket.send(answer).with_context(context).await.is_err() {
            break;
        }
    }
}
