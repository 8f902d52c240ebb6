//! Consumers of one group: what they lose to each other, and what the next one gets.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use otel_middleware_kafka::OtelConsumer;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::producer::FutureRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, ClientContext, Message};

use cluster::{CONSUMED, Cluster, PATIENCE, PROCESS, value};

/// KA-23
#[tokio::test]
async fn a_partition_that_is_lost_during_the_work_changes_nothing_of_it() {
    let cluster = Cluster::new();
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    cluster.producer().send(record, PATIENCE).await.unwrap();
    let first = member(&cluster);
    let message = within(first.recv()).await.unwrap();
    let (finish, finished) = futures_channel::oneshot::channel();
    let mut work = Box::pin(first.process(&message, async |_| finished.await));
    assert!((&mut work).now_or_never().is_none());

    // Another member joins: the first one has to give up its partition, and learns of it while it
    // polls.
    let second = member(&cluster);
    let start = Instant::now();
    while first.context().revoked.load(Ordering::Relaxed) == 0 {
        assert!(start.elapsed() < PATIENCE);
        for member in [&first, &second] {
            let next = tokio::time::timeout(Duration::from_millis(50), member.recv());
            assert!(!matches!(next.await, Ok(Err(_))));
        }
    }
    assert_eq!(cluster.capture.spans().len(), 1);
    finish.send(()).unwrap();
    work.await.unwrap();

    let span = cluster.span_of("process");
    assert_eq!(span.status, Status::Unset);
    let sent = cluster.span_of("send");
    assert_eq!(span.parent_span_id, sent.span_context.span_id());
    assert_eq!(cluster.point(PROCESS).count, 1);
    // Whether the commit is in time, the broker decides.
    let committed = first.commit_message(&message, CommitMode::Sync);
    let span = cluster.span_of("commit");
    assert_eq!(value(&span, "error.type").is_some(), committed.is_err());

    drop(message);
    // During a rebalance, rdkafka's own drop may wait for ever: it answers a rebalance that nothing
    // in librdkafka handles any more.
    mem::forget((first, second));
}

/// KA-33
#[tokio::test]
async fn with_consumers_that_are_killed_every_order_is_told_and_every_trace_is_whole() {
    let cluster = Cluster::new();
    let mut config = cluster.config();
    config
        .set("queue.buffering.max.messages", "100000")
        .set("linger.ms", "5");
    let producer: otel_middleware_kafka::OtelProducer = config.create().unwrap();
    let producer = producer.with_config(cluster.messaging());
    let keys: Vec<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
    let sending = keys.iter().map(|key| {
        let record = FutureRecord::to(cluster.topic()).key(key).payload("{}");
        producer.send_result(record).unwrap()
    });
    let sending: Vec<_> = sending.collect();
    for delivered in join_all(sending).await {
        delivered.unwrap().unwrap();
    }

    let mut told = HashMap::<String, usize>::new();
    for killed_after in [MESSAGES / 3, MESSAGES / 3, usize::MAX] {
        let mut config = cluster.consumer_config();
        config.set("auto.offset.reset", "earliest");
        let consumer: OtelConsumer = config.create().unwrap();
        let mut stored = TopicPartitionList::new();
        stored
            .add_partition_offset(cluster.topic(), 0, Offset::Stored)
            .unwrap();
        consumer.assign(&stored).unwrap();
        let consumer = consumer.with_config(cluster.messaging());
        let mut work = 0;
        while told.len() < MESSAGES && work < killed_after {
            let message = within(consumer.recv()).await.unwrap();
            let tell = async |message: &rdkafka::message::BorrowedMessage<'_>| {
                let key = message.key().unwrap().to_vec();
                *told.entry(String::from_utf8(key).unwrap()).or_default() += 1;
            };
            consumer.process(&message, tell).await;
            work += 1;
            if work % 1_000 == 0 {
                consumer.commit_message(&message, CommitMode::Sync).unwrap();
            }
        }
        // Dropped while it waits for the next message.
        let _ = consumer.recv().now_or_never();
    }
    assert_eq!(told.len(), MESSAGES);
    let work: usize = told.values().sum();
    assert!(work > MESSAGES, "what was not committed comes again");

    let spans = cluster.capture.spans();
    let of_kind = |kind: &SpanKind| {
        let spans = spans.iter().filter(|span| span.span_kind == *kind);
        spans.cloned().collect::<Vec<_>>()
    };
    let sent: HashMap<SpanId, _> = of_kind(&SpanKind::Producer)
        .into_iter()
        .map(|span| (span.span_context.span_id(), span.span_context.trace_id()))
        .collect();
    assert_eq!(sent.len(), MESSAGES);
    let worked_on = of_kind(&SpanKind::Consumer);
    assert_eq!(worked_on.len(), work);
    let mut traces = HashSet::new();
    for span in worked_on {
        let trace = span.span_context.trace_id();
        assert_eq!(sent.get(&span.parent_span_id), Some(&trace));
        assert_eq!(span.status, Status::Unset);
        traces.insert(trace);
    }
    assert_eq!(traces.len(), MESSAGES);
    assert_eq!(cluster.point(CONSUMED).sum, work as f64);
}

fn member(cluster: &Cluster) -> OtelConsumer<Counting> {
    let mut config: ClientConfig = cluster.consumer_config();
    config
        .set("auto.offset.reset", "earliest")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "100");
    let member: OtelConsumer<Counting> = config.create_with_context(Counting::default()).unwrap();
    member.subscribe(&[cluster.topic()]).unwrap();
    member.with_config(cluster.messaging())
}

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

/// Counts the revocations of partitions.
#[derive(Clone, Debug, Default)]
struct Counting {
    revoked: Arc<AtomicUsize>,
}

impl ClientContext for Counting {}

impl ConsumerContext for Counting {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if matches!(rebalance, Rebalance::Revoke(_)) {
            self.revoked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

const MESSAGES: usize = 20_000;
