//! Messages that arrive.

use futures_util::FutureExt;
use opentelemetry::Value;
use opentelemetry::trace::{SpanKind, Status};
use otel_instrumentation::testing::by_name;
use otel_middleware_kafka::{CreationContext, MessagingConfig, OtelProducer};
use rdkafka::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::types::RDKafkaApiKey;

use crate::cluster::{
    Cluster, DURATION, FAR_AHEAD, PATIENCE, Pair, REFUSED, SENT, USERS, headers, labels, links,
    number, pairs, text, traceparent, value,
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

fn names<'a>(pairs: &[Pair<'a>]) -> Vec<&'a str> {
    pairs.iter().map(|(name, _)| *name).collect()
}

const CREATED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
