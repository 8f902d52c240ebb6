//! What is received over each protocol, and what is refused.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

mod common;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use otel_waterfall::Receiver;
use prost::Message;
use reqwest::StatusCode;
use tonic::codec::CompressionEncoding;
use tonic::transport::Endpoint;

use common::{log, request, span};

const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn grpc_packed_and_not() {
    let mut receiver = Receiver::new();
    let address = receiver.listen_grpc(ANY.into()).await.unwrap();
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut plain = TraceServiceClient::new(channel.clone());
    let mut packed = plain.clone().send_compressed(CompressionEncoding::Gzip);
    let spans = |id| request("orders", vec![span(1, id, 0, "GET /", [0, 1])]);
    plain.export(spans(1)).await.unwrap();
    packed.export(spans(2)).await.unwrap();
    LogsServiceClient::new(channel.clone())
        .export(log(1, 1, "hello"))
        .await
        .unwrap();
    MetricsServiceClient::new(channel)
        .export(ExportMetricsServiceRequest::default())
        .await
        .unwrap();
    let batch = receiver.drain();
    assert_eq!((batch.spans.len(), batch.logs.len()), (2, 1));
    assert_eq!(&*batch.spans[0].service, "orders");
}

#[tokio::test]
async fn http_in_every_form() {
    let mut receiver = Receiver::new().with_lines();
    let address = receiver.listen_http(ANY.into()).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let spans = request("orders", vec![span(1, 1, 0, "GET /", [0, 1])]);
    let logs = log(1, 1, "hello");
    let (protobuf, json) = ("application/x-protobuf", "application/json");
    let traces = [
        (protobuf, spans.encode_to_vec()),
        (json, serde_json::to_vec(&spans).unwrap()),
        (
            "application/json; charset=utf-8",
            serde_json::to_vec(&spans).unwrap(),
        ),
    ];
    let logs = [
        (protobuf, logs.encode_to_vec()),
        (json, serde_json::to_vec(&logs).unwrap()),
    ];
    let traces = traces.map(|body| ("traces", body));
    let logs = logs.map(|body| ("logs", body));
    let metrics = [("metrics", (protobuf, Vec::new()))];
    for (signal, (kind, body)) in traces.into_iter().chain(logs).chain(metrics) {
        for encoding in ["identity", "gzip"] {
            let body = match encoding {
                "gzip" => gzip(&body),
                _ => body.clone(),
            };
            let answer = client
                .post(format!("http://{address}/v1/{signal}"))
                .header("content-type", kind)
                .header("content-encoding", encoding)
                .body(body)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{signal} {kind}");
            let answered = answer.headers()["content-type"].to_str().unwrap();
            assert_eq!(answered, kind.split(';').next().unwrap());
        }
    }
    let batch = receiver.drain();
    assert_eq!((batch.spans.len(), batch.logs.len()), (6, 4));
    assert_eq!(batch.lines.len(), 10);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let mut receiver = Receiver::new();
    let address = receiver.listen_http(ANY.into()).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    // It unpacks to more than 16 MiB.
    let bomb = gzip(&vec![0; 20 << 20]);
    let table: [(&str, &str, Vec<u8>, u16, &str); 6] = [
        ("text/plain", "identity", vec![], 415, "text/plain"),
        ("application/json", "identity", b"{".to_vec(), 400, "EOF"),
        ("application/json", "br", vec![], 415, "br"),
        ("application/x-protobuf", "identity", vec![0xff; 9], 400, ""),
        ("application/json", "gzip", b"no gzip".to_vec(), 400, "gzip"),
        ("application/json", "gzip", bomb, 400, "more than"),
    ];
    for (kind, encoding, body, status, reason) in table {
        let answer = client
            .post(format!("http://{address}/v1/traces"))
            .header("content-type", kind)
            .header("content-encoding", encoding)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{kind} {encoding}");
        let said = answer.text().await.unwrap();
        assert!(said.contains(reason), "{said}");
    }
    let too_large = client
        .post(format!("http://{address}/v1/traces"))
        .header("content-type", "application/x-protobuf")
        .body(vec![0; 17 << 20])
        .send()
        .await;
    // The connection may be closed while the body is still being sent.
    assert!(too_large.is_err() || too_large.unwrap().status() == StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(receiver.drain().spans.len(), 0);
}

#[tokio::test]
async fn pages_of_this_machine_may_send_and_others_may_not() {
    let mut receiver = Receiver::new();
    let address = receiver.listen_http(ANY.into()).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/v1/traces");
    let spans = request("page", vec![span(1, 1, 0, "click", [0, 1])]);
    for (origin, preflight, status) in [
        ("http://localhost:5173", 204, 200),
        ("http://127.0.0.1", 204, 200),
        ("https://evil.example", 403, 403),
        ("null", 403, 403),
    ] {
        let asked = client
            .request(reqwest::Method::OPTIONS, &url)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), preflight, "{origin}");
        let sent = client
            .post(&url)
            .header("origin", origin)
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&spans).unwrap());
        let sent = sent.send().await.unwrap();
        assert_eq!(sent.status().as_u16(), status, "{origin}");
        for answer in [answer, sent] {
            let allowed = answer.headers().get("access-control-allow-origin");
            assert_eq!(
                allowed.is_some_and(|allowed| allowed == origin),
                status == 200
            );
        }
    }
    assert_eq!(receiver.drain().spans.len(), 2);
}

#[tokio::test]
async fn busy_address_is_named() {
    let mut receiver = Receiver::new();
    let address = receiver.listen_http(ANY.into()).await.unwrap();
    let error = receiver.listen_grpc(address).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{address} cannot be used"));
}
