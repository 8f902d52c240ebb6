//! The endpoint in `OTEL_EXPORTER_OTLP_ENDPOINT` gets the spans; and what happens if it does not
//! accept them.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

use std::collections::BTreeSet;
use std::net::TcpListener as StdTcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::{TcpListener, TcpSocket};
use tokio::process::Command;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<BTreeSet<Vec<u8>>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let spans = resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans);
            self.0
                .lock()
                .unwrap()
                .extend(spans.map(|span| span.trace_id));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test]
async fn spans_go_to_the_collector_and_the_trace_ids_are_printed() {
    let collector = Collector::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = TraceServiceServer::new(collector.clone());
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );

    let output = checkout(&endpoint, &[]).await;
    assert!(output.status.success());
    let printed: BTreeSet<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
        .collect();
    let hex = |id: &Vec<u8>| {
        id.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let received: BTreeSet<_> = collector.0.lock().unwrap().iter().map(hex).collect();
    assert_eq!(printed.len(), 3);
    assert_eq!(printed, received);
}

#[tokio::test]
async fn collector_that_is_not_there_is_an_error_of_every_service() {
    let output = checkout(&nowhere(), &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for service in ["gateway", "orders", "inventory", "payment", "notification"] {
        let end = format!("{service} ended (exit status: 1): spans could not be exported");
        assert_eq!(said.matches(&end).count(), 1, "{said}");
    }
    // The reason is visible among the other log lines of the services.
    assert!(!said.contains(" INFO "), "{said}");
    trace_ids_of_all_checkouts(&output.stdout);
}

#[tokio::test]
async fn collector_that_hangs_holds_up_the_services_side_by_side() {
    // The system accepts connections, and nobody answers.
    let hanging = StdTcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", hanging.local_addr().unwrap());
    let start = Instant::now();
    let output = checkout(&endpoint, &[]).await;
    assert_eq!(output.status.code(), Some(1));
    trace_ids_of_all_checkouts(&output.stdout);
    // One after the other, they would take 22 s.
    assert!(start.elapsed() < Duration::from_secs(15), "{start:?}");
}

fn trace_ids_of_all_checkouts(stdout: &[u8]) {
    let printed = String::from_utf8(stdout.to_vec()).unwrap();
    let ids: BTreeSet<_> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("trace ")?.split(' ').next())
        .filter(|id| id.len() == 32 && *id != "0".repeat(32))
        .collect();
    assert_eq!(ids.len(), 3, "{printed}");
}

#[tokio::test]
async fn traces_that_nobody_will_have_are_not_named() {
    let table = [
        ("OTEL_SDK_DISABLED", "true", "as OTEL_SDK_DISABLED says"),
        (
            "OTEL_TRACES_EXPORTER",
            "none",
            "as OTEL_TRACES_EXPORTER says",
        ),
        ("OTEL_TRACES_SAMPLER", "always_off", "not sampled"),
    ];
    for (variable, value, reason) in table {
        let output = command(&nowhere(), &[])
            .env(variable, value)
            .env("OTEL_METRICS_EXPORTER", "none")
            .env("OTEL_LOGS_EXPORTER", "none")
            .output()
            .await
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!(lines.len(), 3, "{printed}");
        for line in lines {
            assert!(line.starts_with("no trace  the "), "{line}");
            assert!(line.contains(reason), "{line}");
        }
    }
}

/// An address on which nothing listens. Its port stays bound, so that nothing else can get it.
fn nowhere() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    format!("http://{address}")
}

#[tokio::test]
async fn json_cannot_print_what_does_not_arrive() {
    let output = checkout("http://127.0.0.1:9", &["--json"]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{said}");
    assert_eq!(output.stdout, b"");
}

async fn checkout(endpoint: &str, arguments: &[&str]) -> std::process::Output {
    command(endpoint, arguments).output().await.unwrap()
}

fn command(endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkout"));
    command
        .args(arguments)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    command
}
