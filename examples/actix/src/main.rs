//! An actix-web service: one middleware makes a server span and the duration metric of every
//! request.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-actix
//! ```
//!
//! It answers one request, its own, prints the span `GET /users/{id}` and ends. Without the
//! variables everything goes to a collector on `localhost:4318`.

use std::error::Error;
use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpServer, rt, web};
use otel_middleware_actix::OtelMiddleware;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Exports what is left when it is dropped.
    let _telemetry = otel_autoconfigure::init()?;

    let app = || {
        App::new()
            .wrap(OtelMiddleware::new())
            .route("/users/{id}", web::get().to(user))
    };

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(app).workers(1).listen(listener)?.run();
    // A service would serve until `otel_autoconfigure::shutdown_signal()` says to stop; this one
    // has a request to send.
    let handle = server.handle();
    rt::spawn(server);

    println!("{}", call(address).await?);
    handle.stop(true).await;
    Ok(())
}

async fn user(id: web::Path<u32>) -> String {
    // The line ends with the ids of the span.
    tracing::info!(%id, "looked up");
    format!("user {id}")
}

/// What a client without any telemetry would do.
async fn call(address: SocketAddr) -> reqwest::Result<String> {
    // A proxy from the environment would not find loopback.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let response = client.get(format!("http://{address}/users/7")).send();
    response.await?.error_for_status()?.text().await
}
