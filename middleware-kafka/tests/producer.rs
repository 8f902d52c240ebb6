//! What producers send and record, counted at the consumer.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use std::time::Duration;

use futures_util::FutureExt;
use opentelemetry::Value;
use opentelemetry::trace::{SpanKind, Status};
use otel_instrumentation::testing::by_name;
use otel_middleware_kafka::{CreationContext, MessagingConfig, OtelProducer};
use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::types::RDKafkaApiKey;
use rdkafka::util::Timeout;

use cluster::{
    Cluster, DURATION, FAR_AHEAD, PATIENCE, Pair, REFUSED, SENT, USERS, headers, labels, links,
    nowhere, number, pairs, text, traceparent, value,
};

/// KA-01
#[tokio::test]
async fn a_send_is_one_span_and_the_consumer_sees_its_context() {
    let cluster = Cluster::new();
    let producer = cluster.producer();
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let delivery = producer
        .send(record.headers(headers(&USERS)), PATIENCE)
        .await
        .unwrap();
    assert_eq!((delivery.partition, delivery.offset), (0, 0));

    let span = cluster.span();
    assert_eq!(span.name, cluster.named("send"));
    assert_eq!(span.span_kind, SpanKind::Producer);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.instrumentation_scope.name(), "otel-middleware-kafka");
    assert_eq!(
        by_name(&span.attributes),
        [
            text("kafka.message.key", "42"),
            number("kafka.offset", 0),
            text("messaging.client.id", "tested"),
            text("messaging.destination.name", cluster.topic()),
            text("messaging.destination.partition.id", "0"),
            text("messaging.operation.name", "send"),
            text("messaging.operation.type", "send"),
            text("messaging.system.name", "kafka"),
            text("server.address", cluster.host()),
            number("server.port", cluster.port()),
        ]
    );
    let expected = [
        text("messaging.destination.name", cluster.topic()),
        text("messaging.destination.partition.id", "0"),
        text("messaging.operation.name", "send"),
        text("messaging.system.name", "kafka"),
        text("server.address", cluster.host()),
        number("server.port", cluster.port()),
    ];
    assert_eq!(labels(cluster.point(SENT)), expected);
    let mut of_duration = expected.to_vec();
    of_duration.insert(3, text("messaging.operation.type", "send"));
    assert_eq!(labels(cluster.point(DURATION)), of_duration);

    let seen = cluster.seen(1);
    let parent = traceparent(&span);
    let mut expected = USERS.to_vec();
    expected.push(("traceparent", Some(parent.as_bytes())));
    assert_eq!(pairs(seen[0].headers()), expected);
    assert_eq!(seen[0].key(), Some(b"42".as_slice()));
    assert_eq!(seen[0].payload(), Some(b"{}".as_slice()));
}

#[tokio::test]
async fn a_tombstone_without_key_and_headers_is_sent_as_one() {
    // KA-04
    let cluster = Cluster::new();
    let record: FutureRecord<'_, (), ()> =
        FutureRecord::to(cluster.topic()).partition(0).timestamp(7);
    cluster.producer().send(record, PATIENCE).await.unwrap();
    let span = cluster.span();
    assert_eq!(
        value(&span, "kafka.message.tombstone"),
        Some(Value::from(true))
    );
    assert_eq!(value(&span, "kafka.message.key"), None);
    let seen = cluster.seen(1);
    assert_eq!(seen[0].payload(), None);
    assert_eq!(seen[0].key(), None);
    assert_eq!(seen[0].timestamp().to_millis(), Some(7));
    assert_eq!(names(&pairs(seen[0].headers())), ["traceparent"]);

    let consumer = cluster.consumer(MessagingConfig::new());
    let message = consumer.recv().await.unwrap();
    consumer.process(&message, async |_| ()).await;
    let span = cluster.span_of("process");
    assert_eq!(
        value(&span, "kafka.message.tombstone"),
        Some(Value::from(true))
    );
    assert_eq!(value(&span, "kafka.message.key"), None);
}

#[tokio::test]
async fn a_dropped_send_is_not_unsent() {
    let cluster = Cluster::new();
    let producer = cluster.producer();
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let mut sending = Box::pin(producer.send(record, PATIENCE));
    assert!((&mut sending).now_or_never().is_none());
    assert_eq!(cluster.capture.spans().len(), 0);
    drop(sending);

    let span = &cluster.wait_for_spans(1)[0];
    assert_eq!(span.status, Status::Unset);
    assert_eq!(value(span, "kafka.offset"), Some(Value::from(0)));
    assert_eq!(cluster.seen(1).len(), 1);
}

#[tokio::test]
async fn a_delivery_ends_its_span_while_nobody_looks() {
    let cluster = Cluster::new();
    let producer = cluster.producer();
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let delivery = producer.send_result(record).unwrap();
    cluster.wait_for_spans(1);
    assert_eq!(delivery.await.unwrap().unwrap().offset, 0);
}

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

    // Sent again, it has the context of the send that came through.
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

    // Given up while it waits for room: that is the caller's choice.
    let waiting = producer.send(record(), Timeout::Never);
    assert!(
        tokio::time::timeout(Duration::from_millis(10), waiting)
            .await
            .is_err()
    );
    assert_eq!(cluster.wait_for_spans(3)[2].status, Status::Unset);

    // The producer goes, and what it still had with it.
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

#[tokio::test]
async fn a_creation_context_stays_or_is_replaced() {
    for creation_context in [CreationContext::Keep, CreationContext::Replace] {
        let cluster = Cluster::new();
        let messaging = cluster.messaging().creation_context(creation_context);
        let producer = cluster.producer().with_config(messaging);
        let forwarded: [Pair<'_>; 3] = [
            ("a", Some(b"1")),
            ("traceparent", Some(CREATED.as_bytes())),
            ("tracestate", Some(b"v=1")),
        ];
        let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
        producer
            .send(record.headers(headers(&forwarded)), PATIENCE)
            .await
            .unwrap();
        let span = cluster.span();
        assert_eq!(links(&span).len(), 1);
        let seen = cluster.seen(1);
        let own = traceparent(&span);
        let expected = match creation_context {
            CreationContext::Replace => vec![forwarded[0], ("traceparent", Some(own.as_bytes()))],
            _ => forwarded.to_vec(),
        };
        assert_eq!(pairs(seen[0].headers()), expected, "{creation_context:?}");
    }
}

#[tokio::test]
async fn a_producer_that_was_there_is_wrapped() {
    let cluster = Cluster::new();
    let client: FutureProducer = cluster.config().create().unwrap();
    let messaging = cluster.messaging().server("kafka.internal", 9092);
    let producer = OtelProducer::new(client).with_config(messaging);
    let record = || {
        FutureRecord::to(cluster.topic())
            .key("42")
            .payload("{}")
            .headers(headers(&USERS))
    };

    producer.send(record(), PATIENCE).await.unwrap();
    let delivery = producer.send_result(record()).unwrap();
    assert_eq!(delivery.await.unwrap().unwrap().offset, 1);
    cluster.answers(RDKafkaApiKey::Produce, REFUSED);
    let too_late = record().timestamp(FAR_AHEAD);
    let (_, message) = producer.send(too_late, PATIENCE).await.unwrap_err();
    assert_eq!(pairs(message.headers()), USERS);
    // Its span ends with the future.
    drop(producer.send_result(record()).unwrap());

    let spans = cluster.wait_for_spans(4);
    for (span, offset) in spans.iter().zip(0..2) {
        assert_eq!(value(span, "kafka.offset"), Some(Value::from(offset)));
        assert_eq!(value(span, "server.address"), Some("kafka.internal".into()));
    }
    assert_eq!(
        value(&spans[2], "error.type"),
        Some("INVALID_TIMESTAMP".into())
    );
    assert_eq!(spans[3].status, Status::Unset);
    let seen = cluster.seen(3);
    for (message, span) in seen.iter().zip([&spans[0], &spans[1], &spans[3]]) {
        let parent = traceparent(span);
        let last = ("traceparent", Some(parent.as_bytes()));
        assert_eq!(pairs(message.headers()).last(), Some(&last));
    }
}

/// KA-28
#[tokio::test]
async fn an_aborted_transaction_fails_what_is_queued_and_not_what_was_delivered() {
    let cluster = Cluster::new();
    let mut config = cluster.config();
    // What is sent stays in the queue until it is flushed.
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

fn names<'a>(pairs: &[Pair<'a>]) -> Vec<&'a str> {
    pairs.iter().map(|(name, _)| *name).collect()
}

const CREATED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
