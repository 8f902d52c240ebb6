//! A bidirectional gRPC stream: one layer around the client's channel creates a span that lasts
//! until the stream has ended, and sends its context along.
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ SERVER=http://127.0.0.1:50051 cargo run -p example-tonic --bin streaming
//! ```
//!
//! It asks the server, `cargo run -p example-tonic`, two questions in one stream and ends. Both
//! print a span `grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, in one trace.

use std::env;
use std::error::Error;
use std::time::Duration;

use otel_middleware_tonic::OtelClientLayer;
use tonic::transport::Endpoint;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tower::ServiceBuilder;

fn main() -> Result<(), Box<dyn Error>> {
    otel_autoconfigure::init()?.run(Duration::from_secs(2), ask())
}

async fn ask() -> Result<(), Box<dyn Error>> {
    let server = env::var("SERVER").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let endpoint = Endpoint::from_shared(server)?;
    let channel = ServiceBuilder::new()
        .layer(OtelClientLayer::for_endpoint(&endpoint))
        .service(endpoint.connect_lazy());
    let mut client = ServerReflectionClient::new(channel);

    let questions = [
        MessageRequest::ListServices(String::new()),
        MessageRequest::FileContainingSymbol("grpc.health.v1.Health".to_owned()),
    ];
    let questions = questions.map(|question| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    });
    let answers = client.server_reflection_info(tokio_stream::iter(questions));
    let mut answers = answers.await?.into_inner();
    // The span ends after the last message, with the status that follows it.
    while let Some(answer) = answers.message().await? {
        match answer.message_response {
            Some(MessageResponse::ListServicesResponse(list)) => {
                println!("{} services", list.service.len());
            }
            other => println!("a description: {}", other.is_some()),
        }
    }
    Ok(())
}
