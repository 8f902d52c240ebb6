//! The test of the README, literally.

use otel_middleware_tonic::testing::Capture;
use otel_middleware_tonic::{ClientConfig, OtelClientLayer, OtelServerLayer, ServerConfig};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::ServiceBuilder;

#[tokio::test]
async fn call_is_traced() -> Result<(), tonic::Status> {
    let capture = Capture::new();
    let server = ServerConfig::new().providers(capture.providers());
    let client = ClientConfig::new().providers(capture.providers());
    // Client and server in one process, without a socket between them.
    let (_, health) = tonic_health::server::health_reporter();
    let channel = ServiceBuilder::new()
        .layer(OtelClientLayer::with_config(client))
        .layer(OtelServerLayer::with_config(server))
        .service(health);

    // The spans end with the stream of the response, which `check` reads.
    HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await?;

    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    let (server, client) = (&spans[0], &spans[1]);
    assert_eq!(server.name, "grpc.health.v1.Health/Check");
    assert_eq!(server.parent_span_id, client.span_context.span_id());
    assert_eq!(capture.points("rpc.server.call.duration").len(), 1);
    assert_eq!(capture.points("rpc.client.call.duration").len(), 1);
    Ok(())
}
