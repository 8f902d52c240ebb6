//! What consumers receive, process and commit, and the telemetry of it.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "../cluster/mod.rs"]
mod cluster;
mod committing;
mod processing;
mod receiving;

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use rdkafka::producer::FutureRecord;

use cluster::{Cluster, PATIENCE};

async fn send(cluster: &Cluster, keys: &[&str]) {
    let producer = cluster.producer();
    for key in keys {
        let record = FutureRecord::to(cluster.topic()).key(*key).payload("{}");
        producer.send(record, PATIENCE).await.unwrap();
    }
}

async fn only_sent(cluster: &Cluster) -> SpanData {
    send(cluster, &["42"]).await;
    cluster.span_of("send")
}

fn sent(cluster: &Cluster) -> Vec<SpanData> {
    of_kind(cluster, &SpanKind::Producer)
}

fn worked_on(cluster: &Cluster) -> Vec<SpanData> {
    of_kind(cluster, &SpanKind::Consumer)
}

fn of_kind(cluster: &Cluster, kind: &SpanKind) -> Vec<SpanData> {
    let spans = cluster.capture.spans().into_iter();
    spans.filter(|span| span.span_kind == *kind).collect()
}
