//! A gRPC service with tonic: one layer makes a server span and the duration metric of every call.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-tonic &
//! $ grpcurl -plaintext 127.0.0.1:50051 grpc.health.v1.Health/Check
//! ```
//!
//! It prints the span `grpc.health.v1.Health/Check`, and ends with Ctrl-C. Without the variables,
//! everything is sent to a collector on `localhost:4318`. `PORT` sets another port.

use std::env;
use std::error::Error;
use std::time::Duration;

use otel_autoconfigure::shutdown_signal;
use otel_middleware_tonic::OtelServerLayer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::FILE_DESCRIPTOR_SET;

fn main() -> Result<(), Box<dyn Error>> {
    // Two seconds after SIGTERM, `Watch` is cut off, its span ends, and everything is exported.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    // It stands for your own service, because its generated code is included.
    let (_, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let port = env::var("PORT").map_or(Ok(50051), |port| port.parse())?;
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], port).into())?;
    println!("listening on {}", incoming.local_addr()?);
    Server::builder()
        .layer(OtelServerLayer::new())
        .add_service(health)
        .add_service(reflection)
        // `serve` sets this by default; without it, calls wait 40 ms for an acknowledgement.
        .serve_with_incoming_shutdown(incoming.with_nodelay(Some(true)), shutdown_signal())
        .await?;
    Ok(())
}
