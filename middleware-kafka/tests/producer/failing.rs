//! Messages that are not delivered, and the telemetry of them.

use std::time::Duration;

use opentelemetry::Value;
use opentelemetry::trace::{SpanKind, Status};
use otel_middleware_kafka::OtelProducer;
use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::FutureRecord;
use rdkafka::types::RDKafkaApiKey;
use rdkafka::util::Timeout;

use crate::cluster::{
    Cluster, DURATION, FAR_AHEAD, PATIENCE, REFUSED, SENT, USERS, headers, nowhere, pairs,
    traceparent, value,
};

/// KA-13
#[tokio::test]
async fn a_failed_delivery_gives_back_what_was_given() {
    let cluster = Cluster::new();
    let producer = cluster.producer();
    cluster.answers(RDKafkaApiKey::Produce, REFUSED);
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let too_late = record.headers(headers(&USERS)).timestamp(FAR_AHEAD);
    let failed = producer.send(too_late, PATIENCE).await;
    let (error, message) = failed.unwrap_err();
    let expected = KafkaError::MessageProduction(RDKafkaErrorCode::InvalidTimestamp);
    assert_eq!(error, expected);
    assert_eq!(pairs(message.headers()), USERS);
    assert_eq!(message.payload(), Some(b"{}".as_slice()));

    let span = cluster.span();
    assert_eq!(span.status, Status::error(error.to_string()));
    let code = Value::from("INVALID_TIMESTAMP");
    assert_eq!(value(&span, "error.type"), Some(code.clone()));
    for metric in [DURATION, SENT] {
        assert_eq!(cluster.point(metric).labels["error.type"], code);
    }

    // Sent again, it has the context of the send that succeeded.
    let again = FutureRecord::to(message.topic())
        .key(message.key().unwrap())
        .payload(message.payload().unwrap())
        .headers(message.headers().unwrap().clone());
    producer.send(again, PATIENCE).await.unwrap();
    let spans = cluster.wait_for_spans(2);
    let parent = traceparent(&spans[1]);
    let mut expected = USERS.to_vec();
    expected.push(("traceparent", Some(parent.as_bytes())));
    assert_eq!(pairs(cluster.seen(1)[0].headers()), expected);
    assert_eq!(spans[1].span_kind, SpanKind::Producer);
}

/// KA-12, KA-13
#[tokio::test]
async fn a_message_that_is_too_large_is_not_taken() {
    let cluster = Cluster::new();
    let mut config = cluster.config();
    config.set("message.max.bytes", "1000");
    let producer: OtelProducer = config.create().unwrap();
    let producer = producer.with_config(cluster.messaging());
    let large = vec![0; 2_000];
    let record = || {
        FutureRecord::to(cluster.topic())
            .key("42")
            .payload(&large)
            .headers(headers(&USERS))
    };

    let (error, message) = producer.send(record(), PATIENCE).await.unwrap_err();
    let expected = KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge);
    assert_eq!(error, expected);
    assert_eq!(pairs(message.headers()), USERS);
    assert_eq!(
        (message.partition(), message.payload()),
        (-1, Some(&*large))
    );

    let (error, record) = producer.send_result(record()).map(drop).unwrap_err();
    assert_eq!(error, expected);
    assert_eq!(pairs(record.headers.as_ref()), USERS);
    let spans = cluster.wait_for_spans(2);
    assert!(
        spans
            .iter()
            .all(|it| value(it, "error.type") == Some("MESSAGE_TOO_LARGE".into()))
    );
    assert_eq!(cluster.point(SENT).sum, 2.0);
}

#[tokio::test]
async fn a_topic_that_nobody_knows_is_a_failure() {
    let cluster = Cluster::new();
    let unknown = cluster.unknown_topic();
    let mut config = cluster.config();
    config.set("topic.metadata.propagation.max.ms", "1");
    let producer: OtelProducer = config.create().unwrap();
    let producer = producer.with_config(cluster.messaging());
    let record = FutureRecord::to(unknown).key("42").payload("{}");
    let (error, _) = producer.send(record, PATIENCE).await.unwrap_err();
    assert_eq!(
        error,
        KafkaError::MessageProduction(RDKafkaErrorCode::UnknownTopicOrPartition)
    );
    let span = cluster.span();
    assert_eq!(
        value(&span, "error.type"),
        Some("UNKNOWN_TOPIC_OR_PARTITION".into())
    );
    // None was assigned.
    assert_eq!(value(&span, "messaging.destination.partition.id"), None);
    assert_eq!(value(&span, "kafka.offset"), None);
}

/// KA-27
#[tokio::test]
async fn a_full_queue_is_waited_for_and_then_a_failure() {
    let cluster = Cluster::new();
    let mut config = nowhere();
    config.set("queue.buffering.max.messages", "1");
    let producer: OtelProducer = config.create().unwrap();
    let producer = producer.with_config(cluster.messaging());
    let record = || {
        FutureRecord::to(cluster.topic())
            .key("42")
            .payload("{}")
            .headers(headers(&USERS))
    };
    let first = producer.send_result(record()).unwrap();

    let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
    let waited = Duration::from_millis(150);
    let start = std::time::Instant::now();
    let (error, message) = producer.send(record(), waited).await.unwrap_err();
    assert_eq!(error, full);
    assert!(start.elapsed() >= waited);
    assert_eq!(pairs(message.headers()), USERS);
    let (error, back) = producer.send_result(record()).map(drop).unwrap_err();
    assert_eq!(error, full);
    assert_eq!(pairs(back.headers.as_ref()), USERS);
    let spans = cluster.wait_for_spans(2);
    assert!(
        spans
            .iter()
            .all(|it| value(it, "error.type") == Some("_QUEUE_FULL".into()))
    );
    let elapsed = spans[0]
        .end_time
        .duration_since(spans[0].start_time)
        .unwrap();
    assert!(elapsed >= waited, "the span has the wait");

    // Given up while it waits for room, which is the caller's choice.
    let waiting = producer.send(record(), Timeout::Never);
    assert!(
        tokio::time::timeout(Duration::from_millis(10), waiting)
            .await
            .is_err()
    );
    assert_eq!(cluster.wait_for_spans(3)[2].status, Status::Unset);

    // The producer is dropped, with the messages that it still had.
    drop(producer);
    let purged = KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue);
    let (error, message) = first.await.unwrap().unwrap_err();
    assert_eq!(error, purged);
    assert_eq!(pairs(message.headers()), USERS);
    let span = &cluster.wait_for_spans(4)[3];
    assert_eq!(value(span, "error.type"), Some("_PURGE_QUEUE".into()));
}

/// KA-26
#[tokio::test]
async fn a_broker_that_is_down_is_a_failure_after_the_timeout() {
    let cluster = Cluster::new();
    let mut config = nowhere();
    config.set("message.timeout.ms", "50");
    let producer: OtelProducer = config.create().unwrap();
    let producer = producer.with_config(cluster.messaging());
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let (error, _) = producer.send(record, PATIENCE).await.unwrap_err();
    assert_eq!(
        error,
        KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut)
    );
    let span = cluster.span();
    assert_eq!(value(&span, "error.type"), Some("_MSG_TIMED_OUT".into()));
}

/// KA-12
#[tokio::test]
async fn a_topic_that_cannot_be_is_a_failure() {
    let cluster = Cluster::new();
    let record = FutureRecord::to("a\0b").key("42").payload("{}");
    let (error, _) = cluster.producer().send(record, PATIENCE).await.unwrap_err();
    assert!(matches!(error, KafkaError::Nul(_)));
    assert_eq!(value(&cluster.span(), "error.type"), Some("builder".into()));
}

/// KA-28
#[tokio::test]
async fn an_aborted_transaction_fails_what_is_queued_and_not_what_was_delivered() {
    let cluster = Cluster::new();
    let mut config = cluster.config();
    // Messages stay in the queue until it is flushed.
    config
        .set("transactional.id", cluster.group())
        .set("linger.ms", "20000");
    let producer: OtelProducer = config.create().unwrap();
    let producer = producer.with_config(cluster.messaging());
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    let record = || FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let delivered = producer.send_result(record()).unwrap();
    producer.flush(PATIENCE).unwrap();
    delivered.await.unwrap().unwrap();

    let queued = producer.send_result(record()).unwrap();
    producer.abort_transaction(PATIENCE).unwrap();
    let (error, _) = queued.await.unwrap().unwrap_err();
    assert_eq!(
        error,
        KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue)
    );
    let spans = cluster.wait_for_spans(2);
    assert_eq!(spans[0].status, Status::Unset);
    assert_eq!(value(&spans[1], "error.type"), Some("_PURGE_QUEUE".into()));
}
