//! gRPC with tonic: one layer on the server and one around the client's channel make a span and the
//! duration metric of every call on both sides, in one trace.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ cargo run -p example-tonic
//! ```
//!
//! It calls itself once, prints the two spans `grpc.health.v1.Health/Check` and ends. Without the
//! variables everything goes to a collector on `localhost:4318`.

use std::error::Error;

use otel_middleware_tonic::{OtelClientLayer, OtelServerLayer};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Exports what is left when it is dropped.
    let _telemetry = otel_autoconfigure::init()?;

    // It stands for a service of yours, because its generated code comes with it.
    let (_, health) = tonic_health::server::health_reporter();
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into())?;
    let address = incoming.local_addr()?;
    let server = Server::builder()
        .layer(OtelServerLayer::new())
        .add_service(health)
        // What `serve` does by itself; without it the call waits 40 ms for an acknowledgement.
        .serve_with_incoming(incoming.with_nodelay(Some(true)));
    // A service would serve until `otel_autoconfigure::shutdown_signal()` says to stop; this one
    // has a call to make.
    tokio::spawn(server);

    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let channel = ServiceBuilder::new()
        .layer(OtelClientLayer::for_endpoint(&endpoint))
        .service(endpoint.connect_lazy());
    let mut client = HealthClient::new(channel);

    let answer = client.check(HealthCheckRequest::default()).await?;
    println!("{:?}", answer.into_inner().status());
    Ok(())
}
