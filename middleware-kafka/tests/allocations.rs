//! Asserts exactly how many allocations the middleware adds to a message on the thread that sends
//! or processes it, so that one more is noticed. librdkafka's allocations in C are not counted.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use allocation_counter::measure;
use futures_util::FutureExt;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_kafka::{MessagingConfig, OtelConsumer, OtelProducer, Providers};
use rdkafka::consumer::Consumer;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

use cluster::{Cluster, PATIENCE, headers};

#[tokio::test]
async fn a_send_costs_so_many_allocations() {
    let cluster = Cluster::new();
    let bare: FutureProducer = cluster.config().create().unwrap();
    let topic = cluster.topic();
    let record = || FutureRecord::to(topic).key("42").payload("{}");
    let floor = measured(|| drop(bare.send_result(record()).unwrap()));
    // rdkafka boxes a message in flight, with or without the middleware.
    let cases = [
        // The operation, and the look for an SDK.
        ("no SDK", Providers::global(), 2),
        // The operation, the span and its place in the context, its attributes and the key, and the
        // text of the header.
        ("sampled", dropping_providers(false), 6),
        // The list of labels, which stays with the thread of the delivery report.
        ("measured", dropping_providers(true), 7),
    ];
    for (name, providers, expected) in cases {
        let producer: OtelProducer = cluster.config().create().unwrap();
        let producer = producer.with_config(MessagingConfig::new().providers(providers));
        let ours = measured(|| drop(producer.send_result(record()).unwrap()));
        producer.flush(Timeout::After(PATIENCE)).unwrap();
        assert_eq!(ours - floor, expected, "{name}");
    }
}

#[tokio::test]
async fn work_on_a_message_costs_so_many_allocations() {
    let cluster = Cluster::new();
    let producer: FutureProducer = cluster.config().create().unwrap();
    let record = FutureRecord::to(cluster.topic()).key("42").payload("{}");
    let parent = [("traceparent", Some(CREATED.as_bytes()))];
    producer
        .send(record.headers(headers(&parent)), PATIENCE)
        .await
        .unwrap();
    let cases = [
        // The extracted context, and the look for an SDK.
        ("no SDK", Providers::global(), 2),
        // The context, the span and its place in it, its attributes and the key.
        ("sampled", dropping_providers(false), 5),
        // The list of labels is reused from message to message.
        ("measured", dropping_providers(true), 5),
    ];
    for (name, providers, expected) in cases {
        let consumer: OtelConsumer = cluster.consumer_config().create().unwrap();
        consumer.assign(&cluster.beginning()).unwrap();
        let consumer = consumer.with_config(MessagingConfig::new().providers(providers));
        let message = consumer.recv().await.unwrap();
        let ours = measured(|| {
            consumer
                .process(&message, async |_| ())
                .now_or_never()
                .unwrap();
        });
        assert_eq!(ours, expected, "{name}");
    }
}

/// After warm-up messages, on a thread without delivery reports, because those would leave a list
/// that is reused.
fn measured(work: impl Fn() + Sync) -> u64 {
    let count = || {
        (0..10).for_each(|_| work());
        measure(&work).count_total
    };
    std::thread::scope(|scope| scope.spawn(count).join().unwrap())
}

const CREATED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
