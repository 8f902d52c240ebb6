//! What consumers receive, work on and commit, and what is recorded of it.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::by_name;
use otel_middleware_kafka::{
    Continue, ErrorType, MessagingConfig, OtelConsumer, ProcessOutput, server_span,
};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedMessage;
use rdkafka::producer::FutureRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use cluster::{
    CONSUMED, Cluster, DURATION, PATIENCE, PROCESS, Pair, headers, labels, links, nowhere, number,
    pairs, text, value,
};

/// KA-01
#[tokio::test]
async fn work_on_a_message_is_one_span_of_the_trace_that_sent_it() {
    let cluster = Cluster::new();
    let baggage = [KeyValue::new("tenant", "acme & sons")];
    let order = cluster
        .capture
        .tracer_provider()
        .tracer("test")
        .start("order");
    let context = Context::new().with_span(order).with_baggage(baggage);
    {
        let producer = cluster.producer();
        let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
        let sending = producer.send(record, PATIENCE);
        opentelemetry::context::FutureExt::with_context(sending, context.clone())
            .await
            .unwrap();
    }
    context.span().end();

    let consumer = cluster.consumer(MessagingConfig::new());
    let message = consumer.recv().await.unwrap();
    let work = async |_: &_| {
        tokio::task::yield_now().await;
        Context::current()
            .baggage()
            .get("tenant")
            .cloned()
            .ok_or(fmt::Error)
    };
    let tenant = consumer.process(&message, work).await.unwrap();
    assert_eq!(tenant.as_str(), "acme & sons");

    let (order, sent) = (cluster.span_named("order"), cluster.span_of("send"));
    let span = cluster.span_of("process");
    assert_eq!(sent.parent_span_id, order.span_context.span_id());
    assert_eq!(span.parent_span_id, sent.span_context.span_id());
    assert_eq!(span.span_context.trace_id(), order.span_context.trace_id());
    assert!(span.parent_span_is_remote);
    assert_eq!(span.span_kind, SpanKind::Consumer);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(links(&span), []);
    assert_eq!(
        by_name(&span.attributes),
        [
            text("kafka.message.key", "42"),
            number("kafka.offset", 0),
            text("messaging.client.id", "tested"),
            text("messaging.consumer.group.name", cluster.group()),
            text("messaging.destination.name", cluster.topic()),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "process"),
            text("messaging.operation.type", "process"),
            text("messaging.system.name", "kafka"),
            text("server.address", cluster.host()),
            number("server.port", cluster.port()),
        ]
    );
    let expected = [
        text("messaging.consumer.group.name", cluster.group()),
        text("messaging.destination.name", cluster.topic()),
        text("messaging.destination.partition.id", "0"),
        text("messaging.operation.name", "process"),
        text("messaging.system.name", "kafka"),
        text("server.address", cluster.host()),
        number("server.port", cluster.port()),
    ];
    assert_eq!(labels(cluster.point(PROCESS)), expected);
    assert_eq!(labels(cluster.point(CONSUMED)), expected);
    assert_eq!(cluster.point(CONSUMED).sum, 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_can_be_spawned() {
    let cluster = Cluster::new();
    send(&cluster, &["1"]).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let spawned = tokio::spawn(async move {
        let message = consumer.recv().await.unwrap();
        let prefix = String::from("offset ");
        let work = |message: &_| {
            let text = format!("{prefix}{}", Message::offset(message));
            async move {
                tokio::task::yield_now().await;
                Ok::<_, fmt::Error>(text)
            }
        };
        consumer.process(&message, work).await
    });
    assert_eq!(spawned.await.unwrap().unwrap(), "offset 0");
    cluster.span_of("process");
}

/// KA-01
#[tokio::test]
async fn inside_of_a_local_span_work_links() {
    let cluster = Cluster::new();
    let sent = only_sent(&cluster).await;
    for continues in [Continue::Child, Continue::Link] {
        let consumer = cluster.consumer(MessagingConfig::new().continues(continues));
        let message = consumer.recv().await.unwrap();
        let local = cluster
            .capture
            .tracer_provider()
            .tracer("test")
            .start("local");
        let context = Context::new().with_span(local);
        let id = context.span().span_context().span_id();
        let work = {
            let _attached = context.attach();
            consumer.process(&message, async |_| ())
        };
        work.await;
        let spans = cluster.capture.spans();
        let span = spans
            .iter()
            .rfind(|it| it.span_kind == SpanKind::Consumer)
            .unwrap();
        assert_eq!(span.parent_span_id, id);
        assert_eq!(links(span), [sent.span_context.span_id()]);
    }
}

/// KA-13, KA-29
#[tokio::test]
async fn failed_work_says_why() {
    enum Handled {
        Rejected,
    }
    impl ProcessOutput for Handled {
        fn error_type(&self) -> Option<ErrorType> {
            let Self::Rejected = self;
            Some(ErrorType("rejected"))
        }
    }

    let cluster = Cluster::new();
    only_sent(&cluster).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let message = consumer.recv().await.unwrap();
    let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);

    let failed = consumer
        .process(&message, async |_| Err::<(), _>(fmt::Error))
        .await;
    assert_eq!(failed, Err(fmt::Error));
    consumer
        .process(&message, async |_| Err::<(), _>(full))
        .await
        .unwrap_err();
    consumer
        .process(&message, async |_| Handled::Rejected)
        .await;
    let told = consumer.process(&message, async |_| {
        server_span().set_error(ErrorType("card_declined"), "no funds");
    });
    told.await;
    let panicking = consumer.process(&message, async |_| panic!("a test"));
    let panicked: Result<(), _> = AssertUnwindSafe(panicking).catch_unwind().await;
    assert!(panicked.is_err());
    let dropped = consumer.process(&message, async |_| std::future::pending::<()>().await);
    assert!(dropped.now_or_never().is_none());

    let expected = [
        "core::fmt::Error",
        "_QUEUE_FULL",
        "rejected",
        "card_declined",
        "panic",
        "cancelled",
    ];
    let found: Vec<_> = worked_on(&cluster)
        .iter()
        .map(|span| value(span, "error.type").unwrap().to_string())
        .collect();
    assert_eq!(found, expected);
    assert_eq!(worked_on(&cluster)[3].status, Status::error("no funds"));
    let mut measured: Vec<_> = cluster
        .capture
        .points(PROCESS)
        .into_iter()
        .map(|point| point.labels["error.type"].to_string())
        .collect();
    measured.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(measured, expected);
}

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

    // It was left half-way: what comes next belongs to its own trace only.
    let message = consumer.recv().await.unwrap();
    consumer.process(&message, async |_| ()).await;
    let sent = sent(&cluster);
    let work = worked_on(&cluster);
    assert_eq!(work[0].parent_span_id, sent[2].span_context.span_id());
}

/// KA-09
#[tokio::test]
async fn work_on_a_batch_links_to_all_of_it() {
    const MESSAGES: usize = 100;
    let cluster = Cluster::new();
    let keys: Vec<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    send(&cluster, &keys).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let messages: Vec<_> = consumer
        .stream()
        .take(MESSAGES)
        .map(Result::unwrap)
        .collect()
        .await;
    let work = async |messages: &[_]| Ok::<_, fmt::Error>(messages.len());
    assert_eq!(consumer.process_batch(&messages, work).await, Ok(MESSAGES));

    let span = cluster.span_of("process");
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    let ids: Vec<_> = sent(&cluster)
        .iter()
        .map(|it| it.span_context.span_id())
        .collect();
    assert_eq!(links(&span), ids);
    assert_eq!(
        by_name(&span.attributes),
        [
            number("messaging.batch.message_count", 100),
            text("messaging.client.id", "tested"),
            text("messaging.consumer.group.name", cluster.group()),
            text("messaging.destination.name", cluster.topic()),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "process"),
            text("messaging.operation.type", "process"),
            text("messaging.system.name", "kafka"),
            text("server.address", cluster.host()),
            number("server.port", cluster.port()),
        ]
    );
    let link = span.links.get(7).unwrap();
    let expected = [text("kafka.message.key", "7"), number("kafka.offset", 7)];
    assert_eq!(by_name(&link.attributes), expected);
    assert_eq!(cluster.point(CONSUMED).sum, 100.0);
    assert_eq!(cluster.point(PROCESS).count, 1);
}

/// KA-22
#[tokio::test]
async fn a_message_that_is_delivered_again_is_worked_on_again() {
    let cluster = Cluster::new();
    let sent = only_sent(&cluster).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    for _ in 0..2 {
        let message = consumer.recv().await.unwrap();
        consumer.process(&message, async |_| ()).await;
        consumer
            .seek(cluster.topic(), 0, Offset::Beginning, PATIENCE)
            .unwrap();
    }
    let work = worked_on(&cluster);
    assert_eq!(work.len(), 2);
    let parent = sent.span_context.span_id();
    assert!(work.iter().all(|span| span.parent_span_id == parent));
    assert_eq!(cluster.point(CONSUMED).sum, 2.0);
}

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

    // The next request is another one's.
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
        // Names of another case are other names to Kafka.
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

#[tokio::test]
async fn a_message_that_is_no_longer_the_consumers_is_worked_on_too() {
    let cluster = Cluster::new();
    let sent = only_sent(&cluster).await;
    let consumer: StreamConsumer = cluster.consumer_config().create().unwrap();
    consumer.assign(&cluster.beginning()).unwrap();
    let consumer = OtelConsumer::new(Arc::new(consumer));
    let messaging = cluster.messaging().group("elsewhere");
    let consumer = consumer.with_config(messaging);
    let message: OwnedMessage = consumer.recv().await.unwrap().detach();
    consumer.process(&message, async |_| ()).await;
    let span = cluster.span_of("process");
    assert_eq!(span.parent_span_id, sent.span_context.span_id());
    assert_eq!(
        value(&span, "messaging.consumer.group.name"),
        Some("elsewhere".into())
    );
    assert_eq!(value(&span, "server.address"), None);
}

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

fn commits(cluster: &Cluster) -> Vec<SpanData> {
    of_kind(cluster, &SpanKind::Client)
}

fn of_kind(cluster: &Cluster, kind: &SpanKind) -> Vec<SpanData> {
    let spans = cluster.capture.spans().into_iter();
    spans.filter(|span| span.span_kind == *kind).collect()
}

const CREATED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
