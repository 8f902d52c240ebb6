//! Commits of offsets.

use opentelemetry::Value;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::by_name;
use otel_middleware_kafka::MessagingConfig;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::cluster::{Cluster, DURATION, PATIENCE, number, text, value};
use crate::{of_kind, send};

/// KA-13
#[tokio::test]
async fn commits_are_spans_that_say_what_failed() {
    let cluster = Cluster::new();
    send(&cluster, &["1", "2"]).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let message = consumer.recv().await.unwrap();
    consumer.commit_message(&message, CommitMode::Sync).unwrap();
    let committed = consumer.committed(PATIENCE).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(1));

    let common = [
        text("messaging.client.id", "tested"),
        text("messaging.consumer.group.name", cluster.group()),
        text("messaging.destination.name", cluster.topic()),
        text("messaging.destination.partition.id", "0"),
        text("messaging.operation.name", "commit"),
        text("messaging.operation.type", "settle"),
        text("messaging.system.name", "kafka"),
        text("server.address", cluster.host()),
        number("server.port", cluster.port()),
    ];
    let span = cluster.span_of("commit");
    assert_eq!(span.span_kind, SpanKind::Client);
    let mut expected = common.to_vec();
    expected.insert(0, number("kafka.offset", 0));
    assert_eq!(by_name(&span.attributes), expected);

    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(cluster.topic(), 0, Offset::Offset(2))
        .unwrap();
    consumer.commit(&offsets, CommitMode::Async).unwrap();
    let commits = commits(&cluster);
    assert_eq!(by_name(&commits[1].attributes), common);

    // The next request belongs to another commit.
    while consumer.committed(PATIENCE).unwrap().elements()[0].offset() != Offset::Offset(2) {}
    let too_large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    cluster.answers(RDKafkaApiKey::OffsetCommit, too_large);
    let mut first = offsets.find_partition(cluster.topic(), 0).unwrap();
    first.set_metadata("more than a broker keeps".repeat(1_000));
    let failed = consumer.commit(&offsets, CommitMode::Sync).unwrap_err();
    let code = RDKafkaErrorCode::OffsetMetadataTooLarge;
    assert_eq!(failed, KafkaError::ConsumerCommit(code));
    let last = self::commits(&cluster).pop().unwrap();
    let code = Value::from("OFFSET_METADATA_TOO_LARGE");
    assert_eq!(value(&last, "error.type"), Some(code.clone()));
    let mut points = cluster.capture.points(DURATION).into_iter();
    assert!(points.any(|it| it.labels.get("error.type") == Some(&code)));
}

#[tokio::test]
async fn a_commit_of_what_is_not_there_is_a_failure_without_a_destination() {
    let cluster = Cluster::new();
    let consumer = cluster.consumer(MessagingConfig::new());
    let nothing = consumer
        .commit_consumer_state(CommitMode::Sync)
        .unwrap_err();
    assert_eq!(
        nothing,
        KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)
    );
    let span = cluster.span();
    assert_eq!(span.name, format!("commit {}", cluster.servers()));
    assert_eq!(value(&span, "error.type"), Some("_NO_OFFSET".into()));
}

fn commits(cluster: &Cluster) -> Vec<SpanData> {
    of_kind(cluster, &SpanKind::Client)
}
