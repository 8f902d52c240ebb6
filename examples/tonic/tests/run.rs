//! The programs, run as their first lines say.
#![allow(clippy::unwrap_used)]

use example_harness::Program;
use otel_waterfall::Kind;
use tokio::runtime::Runtime;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[test]
fn every_span_is_exported_when_the_process_is_asked_to_end() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_example-tonic"), &[]);
    let address = program.address();
    let runtime = Runtime::new().unwrap();
    let watched = runtime.block_on(async {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let mut client = HealthClient::new(endpoint.connect().await.unwrap());
        client.check(HealthCheckRequest::default()).await.unwrap();
        let mut watched = Vec::new();
        for _ in 0..3 {
            let stream = client.watch(HealthCheckRequest::default()).await;
            let mut stream = stream.unwrap().into_inner();
            // The server has begun with it.
            stream.message().await.unwrap().unwrap();
            watched.push(stream);
        }
        watched
    });

    program.terminate();
    let ended = program.end();
    let names = [
        "Server grpc.health.v1.Health/Check",
        "Server grpc.health.v1.Health/Watch",
        "Server grpc.health.v1.Health/Watch",
        "Server grpc.health.v1.Health/Watch",
    ];
    assert_eq!(ended.names(), names);
    for watch in ended.spans(Kind::Server, "grpc.health.v1.Health/Watch") {
        assert_eq!(watch.rpc_status(), Some("CANCELLED"));
    }
    drop(watched);
}

#[test]
fn stream_is_one_span_on_each_side_in_one_trace() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_example-tonic"), &[]);
    let url = format!("http://{}", server.address());
    let client = Program::start(env!("CARGO_BIN_EXE_streaming"), &[("SERVER", &url)]);
    let client = client.end();
    server.terminate();
    let server = server.end();

    let name = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let (asked, answered) = (
        client.span(Kind::Client, name),
        server.span(Kind::Server, name),
    );
    assert_eq!(answered.trace_id, asked.trace_id);
    assert_eq!(answered.parent_span_id, Some(asked.span_id));
    assert_eq!(asked.rpc_status(), Some("OK"));
    assert!(!asked.is_error() && !answered.is_error());
    assert_eq!(client.output, "2 services\na description: true\n");
}
