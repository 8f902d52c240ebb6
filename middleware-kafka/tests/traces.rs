//! Which spans belong to which trace: single messages, batches, and spans within the work.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanId, SpanKind, TraceContextExt, TraceId, Tracer, TracerProvider};
use opentelemetry::{Context, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_middleware_kafka::{MessagingConfig, OtelProducer};
use rdkafka::Message;
use rdkafka::consumer::CommitMode;
use rdkafka::producer::{FutureProducer, FutureRecord};

use cluster::{
    CONSUMED, Cluster, DURATION, PATIENCE, PROCESS, SENT, headers, labels, links, value,
};

/// KA-08: a proxy or a library has added a header of its own.
#[tokio::test]
async fn baggage_of_several_headers_is_one() {
    let cluster = Cluster::new();
    let producer: FutureProducer = cluster.config().create().unwrap();
    let given = [
        ("traceparent", Some(CREATED.as_bytes())),
        ("baggage", Some(b"tenant=acme".as_slice())),
        ("baggage", Some(b"region=eu".as_slice())),
    ];
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let sending = producer.send(record.headers(headers(&given)), PATIENCE);
    sending.await.unwrap();

    let consumer = cluster.consumer(MessagingConfig::new());
    let message = consumer.recv().await.unwrap();
    let work = consumer.process(&message, async |_| {
        let context = Context::current();
        let names = ["tenant", "region"];
        let found = names.map(|name| context.baggage().get(name).unwrap().to_string());
        assert_eq!(found, ["acme", "eu"]);
    });
    work.await;
    let span = cluster.span_of("process");
    assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
    let consumed = cluster.point(CONSUMED);
    let counted_by = &consumed.labels["messaging.operation.name"];
    assert_eq!((consumed.sum, counted_by), (1.0, &Value::from("process")));
}

/// KA-20
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_of_the_work_are_below_it_on_every_thread() {
    let cluster = Cluster::new();
    send(&cluster, 1).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let tracer = cluster.capture.tracer_provider().tracer("test");
    let message = consumer.recv().await.unwrap();
    let work = consumer.process(&message, async |_| {
        tokio::task::yield_now().await;
        drop(tracer.start("first"));
        let (context, tracer) = (Context::current(), tracer.clone());
        let spawned = tokio::spawn(async move {
            tokio::task::yield_now().await;
            drop(tracer.start_with_context("second", &context));
        });
        spawned.await.unwrap();
    });
    work.await;
    assert!(!Context::current().has_active_span());
    let parent = cluster.span_of("process").span_context.span_id();
    for name in ["first", "second"] {
        assert_eq!(cluster.span_named(name).parent_span_id, parent, "{name}");
    }
}

/// KA-05: rdkafka has a separate queue for the messages of a partition.
#[tokio::test]
async fn messages_of_a_partitions_queue_are_worked_on_one_by_one() {
    let cluster = Cluster::new();
    let sent = send(&cluster, 3).await;
    let consumer = cluster.consumer(MessagingConfig::new());
    let queue = consumer.split_partition_queue(cluster.topic(), 0).unwrap();
    // The consumer itself has to be polled before the queue is filled.
    let all = async { while consumer.recv().await.is_ok() {} };
    let mut all = std::pin::pin!(all);
    for _ in 0..3 {
        let message = tokio::select! {
            message = queue.recv() => message.unwrap(),
            () = &mut all => unreachable!("the broker is there"),
        };
        consumer.process(&message, async |_| ()).await;
    }
    let work = of_kind(&cluster, &SpanKind::Consumer);
    let parents: Vec<_> = work.iter().map(|span| span.parent_span_id).collect();
    assert_eq!(parents, sent.iter().map(span_id).collect::<Vec<_>>());
    for (span, offset) in work.iter().zip(0..) {
        assert_eq!(value(span, "kafka.offset"), Some(Value::I64(offset)));
        let partition = value(span, "messaging.destination.partition.id");
        assert_eq!(partition, Some("0".into()));
    }
}

/// KA-31: the SDK keeps 128 links of a span, and counts the rest.
#[tokio::test]
async fn a_batch_of_many_traces_is_one_span_with_links_to_them() {
    const TRACES: usize = 50;
    const MESSAGES: usize = 500;
    let cluster = Cluster::new();
    let producer = cluster.producer();
    let tracer = cluster.capture.tracer_provider().tracer("test");
    // Each message belongs to another trace than the one before it.
    let orders: Vec<_> = (0..TRACES)
        .map(|_| Context::new().with_span(tracer.start("order")))
        .collect();
    let sending = orders.iter().cycle().take(MESSAGES).map(|order| {
        let _attached = order.clone().attach();
        let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
        producer.send_result(record).unwrap()
    });
    for delivered in join_all(sending.collect::<Vec<_>>()).await {
        delivered.unwrap().unwrap();
    }
    drop(orders);

    let consumer = cluster.consumer(MessagingConfig::new());
    let received = consumer.stream().take(MESSAGES).map(Result::unwrap);
    let messages: Vec<_> = received.collect().await;
    consumer.process_batch(&messages, async |_| ()).await;

    let sent = of_kind(&cluster, &SpanKind::Producer);
    let by_offset: HashMap<_, _> = sent
        .iter()
        .map(|span| {
            (
                value(span, "kafka.offset").unwrap().to_string(),
                span_id(span),
            )
        })
        .collect();
    assert_eq!(by_offset.len(), MESSAGES);
    let traces: HashSet<TraceId> = sent.iter().map(|it| it.span_context.trace_id()).collect();
    assert_eq!(traces.len(), TRACES);

    let work = cluster.span_of("process");
    assert_eq!(work.parent_span_id, SpanId::INVALID);
    assert!(!traces.contains(&work.span_context.trace_id()));
    let expected = (0..KEPT).map(|offset| by_offset[&offset.to_string()]);
    assert_eq!(links(&work), expected.collect::<Vec<_>>());
    let dropped = usize::try_from(work.links.dropped_count).unwrap();
    assert_eq!(KEPT + dropped, MESSAGES);
    let count = value(&work, "messaging.batch.message_count");
    assert_eq!(count, Some(Value::from(500)));
    assert_eq!(cluster.point(CONSUMED).sum, 500.0);
}

/// KA-19
#[tokio::test]
async fn metrics_have_the_names_and_labels_of_the_conventions() {
    let cluster = Cluster::new();
    send(&cluster, 2).await;
    let consumer = cluster.consumer(MessagingConfig::new().receives(true));
    for _ in 0..2 {
        let message = consumer.recv().await.unwrap();
        consumer.process(&message, async |_| ()).await;
        consumer.commit_message(&message, CommitMode::Sync).unwrap();
    }
    let mut names = cluster.capture.metric_names();
    names.sort_unstable();
    assert_eq!(names, [CONSUMED, DURATION, SENT, PROCESS]);
    let (of_producer, of_all) = (&COMMON[..], &["messaging.consumer.group.name"][..]);
    let typed = &["messaging.operation.type"][..];
    let cases = [
        (DURATION, "send", vec![of_producer, typed]),
        (DURATION, "poll", vec![of_producer, of_all, typed]),
        (DURATION, "commit", vec![of_producer, of_all, typed]),
        (SENT, "send", vec![of_producer]),
        // If receiving is recorded, the work does not count the message again.
        (CONSUMED, "poll", vec![of_producer, of_all]),
        (PROCESS, "process", vec![of_producer, of_all]),
    ];
    for (metric, operation, expected) in &cases {
        let of_operation = cluster
            .capture
            .points(metric)
            .into_iter()
            .find(|point| point.labels["messaging.operation.name"] == Value::from(*operation));
        let point = of_operation.unwrap();
        assert!(point.count == 2 || point.sum == 2.0, "{metric} {operation}");
        let found = labels(point).into_iter().map(|(key, _)| key);
        let mut expected = expected.concat();
        expected.sort_unstable();
        assert_eq!(found.collect::<Vec<_>>(), expected, "{metric} {operation}");
    }
    let all = [DURATION, CONSUMED, SENT, PROCESS].map(|it| cluster.capture.points(it).len());
    assert_eq!(all.iter().sum::<usize>(), cases.len());
}

/// KA-30: the waiting consumer is dropped, and the next consumer gets the message.
#[tokio::test]
async fn a_consumer_that_goes_while_it_waits_takes_nothing_with_it() {
    let cluster = Cluster::new();
    let messaging = || MessagingConfig::new().receives(true);
    let first = cluster.consumer(messaging());
    assert!(first.recv().now_or_never().is_none());
    let mut stream = Box::pin(first.stream());
    assert!(stream.next().now_or_never().is_none());
    drop(stream);
    drop(first);
    assert_eq!(cluster.capture.spans().len(), 0);

    let sent = send(&cluster, 1).await;
    let second = cluster.consumer(messaging());
    let message = second.recv().await.unwrap();
    assert_eq!(message.offset(), 0);
    assert_eq!(links(&cluster.span_of("poll")), [span_id(&sent[0])]);
}

async fn send(cluster: &Cluster, count: usize) -> Vec<SpanData> {
    let producer: OtelProducer = cluster.producer();
    for _ in 0..count {
        let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
        producer.send(record, PATIENCE).await.unwrap();
    }
    of_kind(cluster, &SpanKind::Producer)
}

fn of_kind(cluster: &Cluster, kind: &SpanKind) -> Vec<SpanData> {
    let spans = cluster.capture.spans().into_iter();
    spans.filter(|span| span.span_kind == *kind).collect()
}

fn span_id(span: &SpanData) -> SpanId {
    span.span_context.span_id()
}

const CREATED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const KEPT: usize = 128;
const COMMON: [&str; 6] = [
    "messaging.destination.name",
    "messaging.destination.partition.id",
    "messaging.operation.name",
    "messaging.system.name",
    "server.address",
    "server.port",
];
