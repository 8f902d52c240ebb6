//! The work on messages.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use otel_instrumentation::testing::by_name;
use otel_middleware_kafka::{
    Continue, ErrorType, MessagingConfig, OtelConsumer, ProcessOutput, server_span,
};
use rdkafka::Message;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedMessage;
use rdkafka::producer::FutureRecord;
use rdkafka::topic_partition_list::Offset;

use crate::cluster::{CONSUMED, Cluster, PATIENCE, PROCESS, labels, links, number, text, value};
use crate::{only_sent, send, sent, worked_on};

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
