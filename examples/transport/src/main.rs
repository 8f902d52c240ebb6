//! A transport of your own over `otel-instrumentation` alone: lines of JSON over TCP, with the
//! telemetry of HTTP on both sides.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-transport
//! ```
//!
//! It calls itself once, prints two spans `GET /users/{id}` of one trace, and ends.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::time::Duration;

use otel_instrumentation::{
    ClientConfig, HttpClientInstrumentation, HttpServerInstrumentation, Request, Response,
    ServerConfig, instrumentation_scope,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

fn main() -> Result<(), Box<dyn Error>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), run())?;
    Ok(())
}

async fn run() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?.to_string();
    let (status, ()) = tokio::try_join!(ask(&server, "/users/7"), answer(listener))?;
    println!("status {status}");
    Ok(())
}

async fn ask(server: &str, path: &str) -> io::Result<u16> {
    let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    // A service keeps it: one per configuration.
    let client = HttpClientInstrumentation::new(scope, ClientConfig::new());
    // Any map of strings can carry a context.
    let mut headers = HashMap::new();
    let request = Request::new("GET", path, &headers).template("/users/{id}");
    // From here on, every exit ends the span, including `?` and a dropped future.
    let mut operation = client.start(&request.scheme("http").authority(server));
    operation.inject(&mut headers);
    let mut wire = BufReader::new(TcpStream::connect(server).await?);
    let question = serde_json::to_string(&(path, headers))? + "\n";
    wire.write_all(question.as_bytes()).await?;
    let mut status = String::new();
    wire.read_line(&mut status).await?;
    let status = serde_json::from_str(&status)?;
    operation.record_response(&Response::new(status, &HashMap::new()));
    operation.finish();
    Ok(status)
}

async fn answer(listener: TcpListener) -> io::Result<()> {
    let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let server = HttpServerInstrumentation::new(scope, ServerConfig::new());
    let (wire, peer) = listener.accept().await?;
    let mut wire = BufReader::new(wire);
    let mut question = String::new();
    wire.read_line(&mut question).await?;
    let (path, headers): (String, HashMap<_, _>) = serde_json::from_str(&question)?;
    let request = Request::new("GET", &path, &headers).template("/users/{id}");
    let mut operation = server.start(&request.peer(peer));
    let status = operation.run(|| if path == "/users/7" { 200 } else { 404 });
    operation.record_response(&Response::new(status, &HashMap::new()));
    wire.write_all(format!("{status}\n").as_bytes()).await
}
