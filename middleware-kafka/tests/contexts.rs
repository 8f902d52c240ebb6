//! Producers with the user's own contexts: every callback is called with its own data.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cluster;

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::Value;
use opentelemetry::trace::Status;
use otel_middleware_kafka::{
    OtelBaseProducer, OtelProducer, OtelProducerContext, OtelThreadedProducer, delivered_headers,
};
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Partitioner, Producer, ProducerContext, PurgeConfig,
};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaApiKey;
use rdkafka::{ClientConfig, ClientContext, Message};

use cluster::{
    Cluster, FAR_AHEAD, PATIENCE, REFUSED, USERS, headers, nowhere, pairs, traceparent, value,
};

#[test]
fn a_base_producer_ends_its_spans_where_it_is_polled() {
    let cluster = Cluster::new();
    let context = Recorder::default();
    let config = cluster.config();
    let producer: OtelBaseProducer<_, Always> =
        config.create_with_context(context.clone()).unwrap();
    let producer = producer.with_config(cluster.messaging());
    let record = BaseRecord::with_opaque_to(cluster.topic(), Box::new(7))
        .key("42")
        .payload("{}");
    producer.send(record.headers(headers(&USERS))).unwrap();
    assert_eq!(cluster.capture.spans().len(), 0);

    let start = Instant::now();
    while context.deliveries().is_empty() {
        assert!(start.elapsed() < PATIENCE);
        producer.poll(Duration::from_millis(10));
    }
    let delivery = context.deliveries().pop().unwrap();
    assert_eq!((delivery.opaque, delivery.error), (7, None));
    assert_eq!(pairs(delivery.headers.as_ref()), USERS);
    let span = cluster.span();
    assert_eq!(span.status, Status::Unset);
    // The user's partitioner was called.
    assert_eq!(context.asked(), [cluster.topic()]);
    let parent = traceparent(&span);
    let mut expected = USERS.to_vec();
    expected.push(("traceparent", Some(parent.as_bytes())));
    assert_eq!(pairs(cluster.seen(1)[0].headers()), expected);
}

/// KA-13, KA-14
#[test]
fn what_failed_is_sent_again_with_the_headers_that_were_given() {
    let cluster = Cluster::new();
    let context = Recorder::default();
    let config = cluster.config();
    let producer: OtelThreadedProducer<_, Always> =
        config.create_with_context(context.clone()).unwrap();
    let producer = producer.with_config(cluster.messaging());
    cluster.answers(RDKafkaApiKey::Produce, REFUSED);
    let record = |opaque, headers| {
        let record = BaseRecord::with_opaque_to(cluster.topic(), Box::new(opaque))
            .key("42")
            .payload("{}");
        record.headers(headers)
    };
    let too_late = record(1, headers(&USERS)).timestamp(FAR_AHEAD);
    producer.send(too_late).unwrap();
    cluster.wait_for_spans(1);
    let failed = context.wait_for(1).pop().unwrap();
    assert_eq!(
        (failed.opaque, failed.error),
        (1, Some(RDKafkaErrorCode::InvalidTimestamp))
    );
    assert_eq!(pairs(failed.headers.as_ref()), USERS);

    producer
        .clone()
        .send(record(2, failed.headers.unwrap()))
        .unwrap();
    let spans = cluster.wait_for_spans(2);
    let delivered = context.wait_for(2).pop().unwrap();
    assert_eq!((delivered.opaque, delivered.error), (2, None));
    assert_eq!(
        value(&spans[0], "error.type"),
        Some("INVALID_TIMESTAMP".into())
    );
    assert_eq!(spans[1].status, Status::Unset);
    let parent = traceparent(&spans[1]);
    let mut expected = USERS.to_vec();
    expected.push(("traceparent", Some(parent.as_bytes())));
    assert_eq!(pairs(cluster.seen(1)[0].headers()), expected);
}

/// KA-12, KA-27
#[test]
fn a_record_that_is_not_taken_comes_back_as_it_was() {
    let cluster = Cluster::new();
    let mut config = nowhere();
    config.set("queue.buffering.max.messages", "1");
    let context = Recorder::default();
    let producer: OtelBaseProducer<_, Always> =
        config.create_with_context(context.clone()).unwrap();
    let producer = producer.with_config(cluster.messaging());
    let record = |opaque| {
        let record = BaseRecord::with_opaque_to(cluster.topic(), Box::new(opaque))
            .key("42")
            .payload("{}");
        record.headers(headers(&USERS))
    };
    producer.send(record(1)).unwrap();
    let (error, back) = producer.send(record(2)).unwrap_err();
    assert_eq!(
        error,
        KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)
    );
    assert_eq!(*back.delivery_opaque, 2);
    assert_eq!(pairs(back.headers.as_ref()), USERS);
    assert_eq!(
        value(&cluster.span(), "error.type"),
        Some("_QUEUE_FULL".into())
    );

    producer.purge(PurgeConfig::default().queue());
    drop(producer);
    let purged = context.deliveries().pop().unwrap();
    assert_eq!(
        (purged.opaque, purged.error),
        (1, Some(RDKafkaErrorCode::PurgeQueue))
    );
    let spans = cluster.wait_for_spans(2);
    assert_eq!(
        value(&spans[1], "error.type"),
        Some(Value::from("_PURGE_QUEUE"))
    );
}

#[test]
fn every_callback_of_a_client_is_forwarded() {
    let mut config = nowhere();
    config
        .set("statistics.interval.ms", "10")
        .set("debug", "broker")
        .set_log_level(RDKafkaLogLevel::Debug);
    let wanted = ["log", "stats", "stats_raw", "error"];

    let context = Recorder::default();
    let future: OtelProducer<_> = config.create_with_context(context.clone()).unwrap();
    context.wait_until_it_saw(&wanted);
    drop(future);

    let context = Recorder::default();
    let threaded: OtelThreadedProducer<_, Always> =
        config.create_with_context(context.clone()).unwrap();
    context.wait_until_it_saw(&wanted);

    // Tokens are asked for by a library that rdkafka is built without here.
    let ours: &OtelProducerContext<Recorder> = threaded.context();
    assert!(ours.generate_oauth_token(Some("secret")).is_err());
    context.wait_until_it_saw(&["token secret"]);
    assert!(Arc::ptr_eq(&ours.seen, &context.seen));
    const { assert!(OtelProducerContext::<Recorder>::ENABLE_REFRESH_OAUTH_TOKEN) };
}

#[test]
fn a_producer_is_created_from_a_configuration_alone() {
    let config: ClientConfig = nowhere();
    let base: OtelBaseProducer = config.create().unwrap();
    let threaded: OtelThreadedProducer = config.create().unwrap();
    assert!(format!("{base:?} {threaded:?}").contains("127.0.0.1"));
}

/// Remembers the calls.
#[derive(Clone, Default)]
struct Recorder {
    seen: Arc<Mutex<Vec<String>>>,
    deliveries: Arc<Mutex<Vec<Delivered>>>,
    partitioner: Always,
}

#[derive(Clone, Debug)]
struct Delivered {
    opaque: u32,
    error: Option<RDKafkaErrorCode>,
    headers: Option<OwnedHeaders>,
}

impl Recorder {
    fn see(&self, what: impl Into<String>) {
        let (what, mut seen) = (what.into(), self.seen.lock().unwrap());
        if !seen.contains(&what) {
            seen.push(what);
        }
    }

    fn asked(&self) -> Vec<String> {
        let asked = self.partitioner.asked.lock().unwrap();
        let seen = self.seen.lock().unwrap();
        asked
            .iter()
            .chain(seen.iter().filter(|it| *it == "delivery"))
            .cloned()
            .collect()
    }

    fn wait_until_it_saw(&self, wanted: &[&str]) {
        let start = Instant::now();
        loop {
            let seen = self.seen.lock().unwrap().clone();
            if wanted.iter().all(|it| seen.iter().any(|seen| seen == it)) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{seen:?}");
            std::thread::yield_now();
        }
    }

    fn deliveries(&self) -> Vec<Delivered> {
        self.deliveries.lock().unwrap().clone()
    }

    fn wait_for(&self, count: usize) -> Vec<Delivered> {
        let start = Instant::now();
        while self.deliveries().len() < count {
            assert!(start.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
        self.deliveries()
    }
}

impl ClientContext for Recorder {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {
        self.see("log");
    }

    fn stats(&self, _: Statistics) {
        self.see("stats");
    }

    fn stats_raw(&self, _: &[u8]) {
        self.see("stats_raw");
        self.stats(Statistics::default());
    }

    fn error(&self, _: KafkaError, _: &str) {
        self.see("error");
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.see(format!("token {}", config.unwrap_or_default()));
        Err("there is none".into())
    }
}

impl ProducerContext<Always> for Recorder {
    type DeliveryOpaque = Box<u32>;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: Box<u32>) {
        let (error, message) = match result {
            Ok(message) => (None, message),
            Err((error, message)) => (error.rdkafka_error_code(), message),
        };
        self.deliveries.lock().unwrap().push(Delivered {
            opaque: *opaque,
            error,
            headers: delivered_headers(message),
        });
    }

    fn get_custom_partitioner(&self) -> Option<&Always> {
        Some(&self.partitioner)
    }
}

/// Puts every message into the first partition.
#[derive(Clone, Default)]
struct Always {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Partitioner for Always {
    fn partition(&self, topic: &str, _: Option<&[u8]>, _: i32, _: impl Fn(i32) -> bool) -> i32 {
        self.asked.lock().unwrap().push(topic.to_owned());
        0
    }
}
