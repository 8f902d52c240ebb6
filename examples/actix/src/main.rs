//! An actix-web service: one middleware makes a server span and the duration metric of every
//! request.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-actix &
//! $ curl http://127.0.0.1:3000/users/7
//! ```
//!
//! It prints the span `GET /users/{id}`, and ends with Ctrl-C. Without the variables, everything is
//! sent to a collector on `localhost:4318`. `PORT` sets another port.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::{StreamExt, stream};
use otel_middleware_actix::OtelMiddleware;

fn main() -> Result<(), Box<dyn Error>> {
    // Two seconds after SIGTERM, `/events` is cut off, its span ends, and everything is exported.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = || {
        App::new()
            .wrap(OtelMiddleware::new())
            .route("/users/{id}", web::get().to(user))
            .route("/orders", web::post().to(order))
            .route("/events", web::get().to(events))
    };
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on {}", listener.local_addr()?);
    // actix listens for signals itself.
    HttpServer::new(app).listen(listener)?.run().await?;
    Ok(())
}

async fn user(id: web::Path<u32>) -> String {
    // The line ends with the ids of the span.
    tracing::info!(%id, "looked up");
    format!("user {id}")
}

async fn order(item: String) -> String {
    format!("ordered {item}")
}

/// One event, and then no more. The span lasts as long as the stream.
async fn events() -> HttpResponse {
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from("data: welcome\n\n"))]);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(first.chain(stream::pending()))
}
