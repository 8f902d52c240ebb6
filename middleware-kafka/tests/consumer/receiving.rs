//! Messages as they come in.

use std::time::Duration;

use futures_util::StreamExt;
use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use otel_instrumentation::testing::by_name;
use otel_middleware_kafka::{MessagingConfig, OtelConsumer};
use rdkafka::Message;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::FutureRecord;

use crate::cluster::{
    CONSUMED, Cluster, PATIENCE, Pair, headers, links, nowhere, number, pairs, text, value,
};
use crate::{only_sent, send, sent, worked_on};

/// KA-01, KA-02, KA-30
#[tokio::test]
async fn an_unfinished_wait_makes_no_span_and_loses_nothing() {
    let cluster = Cluster::new();
    let consumer = cluster.consumer(MessagingConfig::new().receives(true));
    for _ in 0..3 {
        let waiting = tokio::time::timeout(Duration::from_millis(20), consumer.recv());
        assert!(waiting.await.is_err());
    }
    assert_eq!(cluster.capture.spans().len(), 0);

    let sent = only_sent(&cluster).await;
    let before = std::time::SystemTime::now();
    let message = consumer.recv().await.unwrap();
    assert_eq!(message.offset(), 0);
    let span = cluster.span_of("poll");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert_eq!(links(&span), [sent.span_context.span_id()]);
    assert!(span.start_time >= before);
    assert_eq!(
        by_name(&span.attributes),
        [
            text("kafka.message.key", "42"),
            number("kafka.offset", 0),
            text("messaging.client.id", "tested"),
            text("messaging.consumer.group.name", cluster.group()),
            text("messaging.destination.name", cluster.topic()),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "poll"),
            text("messaging.operation.type", "receive"),
            text("messaging.system.name", "kafka"),
            text("server.address", cluster.host()),
            number("server.port", cluster.port()),
        ]
    );
    consumer.process(&message, async |_| ()).await;
    let span = cluster.span_of("process");
    assert_eq!(span.parent_span_id, sent.span_context.span_id());
    let consumed = cluster.point(CONSUMED);
    assert_eq!(consumed.sum, 1.0);
    assert_eq!(
        consumed.labels["messaging.operation.name"],
        Value::from("poll")
    );
}

/// KA-32
#[tokio::test]
async fn a_stream_has_the_messages_and_no_work() {
    let cluster = Cluster::new();
    send(&cluster, &["1", "2", "3"]).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let offsets: Vec<_> = consumer
        .stream()
        .take(2)
        .map(|it| it.unwrap().offset())
        .collect()
        .await;
    assert_eq!(offsets, [0, 1]);
    assert_eq!(worked_on(&cluster).len(), 0);

    // The stream was left half-way: the next message belongs to its own trace only.
    let message = consumer.recv().await.unwrap();
    consumer.process(&message, async |_| ()).await;
    let sent = sent(&cluster);
    let work = worked_on(&cluster);
    assert_eq!(work[0].parent_span_id, sent[2].span_context.span_id());
}

/// KA-13, KA-15
#[tokio::test]
async fn receiving_fails_with_its_code() {
    let cluster = Cluster::new();
    let mut config = nowhere();
    let consumer: OtelConsumer = config.set("group.id", "testing").create().unwrap();
    consumer.assign(&cluster.beginning()).unwrap();
    let consumer = consumer.with_config(cluster.messaging().receives(true));
    let error = consumer.recv().await.unwrap_err();
    let span = cluster.span();
    assert_eq!(span.name, "poll 127.0.0.1:1");
    let code = match error.rdkafka_error_code().unwrap() {
        RDKafkaErrorCode::BrokerTransportFailure => "_TRANSPORT",
        RDKafkaErrorCode::AllBrokersDown => "_ALL_BROKERS_DOWN",
        other => panic!("{other}"),
    };
    assert_eq!(value(&span, "error.type"), Some(code.into()));
    assert_eq!(span.status, Status::error(error.to_string()));
    assert_eq!(cluster.capture.points(CONSUMED), []);
}

#[tokio::test]
async fn the_end_of_a_partition_is_no_failure() {
    let cluster = Cluster::new();
    let mut config = cluster.consumer_config();
    config.set("enable.partition.eof", "true");
    let consumer: OtelConsumer = config.create().unwrap();
    consumer.assign(&cluster.beginning()).unwrap();
    let consumer = consumer.with_config(cluster.messaging().receives(true));
    assert_eq!(
        consumer.recv().await.unwrap_err(),
        KafkaError::PartitionEOF(0)
    );
    assert_eq!(cluster.capture.spans().len(), 0);
}

/// KA-21, KA-24, KA-25
#[tokio::test]
async fn whatever_headers_say_work_goes_on() {
    let many: Vec<_> = (0..10_000).map(|number| format!("h{number}")).collect();
    let mut ten_thousand: Vec<Pair<'_>> = many.iter().map(|it| (&**it, None)).collect();
    ten_thousand.push(("traceparent", Some(CREATED.as_bytes())));
    let parent = Some(CREATED.as_bytes());
    let cases: [(&[Pair<'_>], bool); 6] = [
        (&[("traceparent", Some(b"\xff"))], false),
        (&[("traceparent", None)], false),
        (
            &[("traceparent", Some(b"")), ("bytes", Some(b"\xff\x00"))],
            false,
        ),
        // Kafka's names are case-sensitive.
        (&[("Traceparent", parent)], false),
        // The last one counts.
        (
            &[
                ("traceparent", Some(b"00-1")),
                ("x", None),
                ("traceparent", parent),
            ],
            true,
        ),
        (&ten_thousand, true),
    ];
    let cluster = Cluster::new();
    let producer: rdkafka::producer::FutureProducer = cluster.config().create().unwrap();
    for (given, _) in &cases {
        let record: FutureRecord<'_, (), str> = FutureRecord::to(cluster.topic()).payload("{}");
        producer
            .send(record.headers(headers(given)), PATIENCE)
            .await
            .unwrap();
    }
    let consumer = cluster.consumer(MessagingConfig::new());
    for (given, has_parent) in cases {
        let message = consumer.recv().await.unwrap();
        assert_eq!(pairs(message.headers()), given);
        consumer.process(&message, async |_| ()).await;
        let span = worked_on(&cluster).pop().unwrap();
        let parent = span.parent_span_id.to_string();
        let expected = if has_parent {
            "00f067aa0ba902b7"
        } else {
            "0000000000000000"
        };
        assert_eq!(parent, expected);
        assert_eq!(value(&span, "kafka.message.key"), None);
    }
}

const CREATED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
