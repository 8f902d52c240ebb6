//! librdkafka's mock cluster, whose broker speaks the real protocol on loopback, or a real cluster.

#![allow(dead_code, reason = "each test uses what it needs")]

mod broker;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry::Value;
use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::{Capture, Point};
use otel_middleware_kafka::{MessagingConfig, OtelConsumer, OtelProducer};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, OwnedHeaders, OwnedMessage};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use broker::Broker;

/// A broker with one topic of one partition, which no other test uses, and the recorded telemetry.
pub(crate) struct Cluster {
    broker: Broker,
    topic: String,
    group: String,
    pub(crate) capture: Capture,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let broker = Broker::new();
        let id = unique();
        let topic = format!("order.placed.{id}");
        broker.create_topic(&topic);
        Self {
            broker,
            topic,
            group: format!("notification.{id}"),
            capture: Capture::new(),
        }
    }

    pub(crate) fn servers(&self) -> String {
        self.broker.servers()
    }

    pub(crate) fn topic(&self) -> &str {
        &self.topic
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    /// The name of the spans of this operation on the topic.
    pub(crate) fn named(&self, operation: &str) -> String {
        format!("{operation} {}", self.topic)
    }

    /// The next request of this kind is answered with this code. It must be a request that a real
    /// broker refuses, too: only the mock obeys.
    pub(crate) fn answers(&self, request: RDKafkaApiKey, code: RDKafkaRespErr) {
        self.broker.answers(request, code);
    }

    /// A topic that was never created.
    pub(crate) fn unknown_topic(&self) -> &'static str {
        self.broker.does_not_know(UNKNOWN_TOPIC);
        UNKNOWN_TOPIC
    }

    /// All partitions of the topic, from their beginnings.
    pub(crate) fn beginning(&self) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, 0, Offset::Beginning)
            .unwrap();
        list
    }

    /// A client of the cluster that does not wait for more messages.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.servers())
            .set("client.id", "tested")
            .set("fetch.wait.max.ms", "10")
            .set("linger.ms", "0");
        config
    }

    pub(crate) fn messaging(&self) -> MessagingConfig {
        MessagingConfig::new().providers(self.capture.providers())
    }

    pub(crate) fn producer(&self) -> OtelProducer {
        let producer: OtelProducer = self.config().create().unwrap();
        producer.with_config(self.messaging())
    }

    /// A consumer that reads the topic from its beginning.
    pub(crate) fn consumer(&self, messaging: MessagingConfig) -> OtelConsumer {
        let consumer: OtelConsumer = self.consumer_config().create().unwrap();
        consumer.assign(&self.beginning()).unwrap();
        consumer.with_config(messaging.providers(self.capture.providers()))
    }

    pub(crate) fn consumer_config(&self) -> ClientConfig {
        let mut config = self.config();
        config
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false");
        config
    }

    /// The messages in the topic, read without instrumentation.
    pub(crate) fn seen(&self, count: usize) -> Vec<OwnedMessage> {
        let consumer: BaseConsumer = self.consumer_config().create().unwrap();
        consumer.assign(&self.beginning()).unwrap();
        let mut seen = Vec::new();
        let start = Instant::now();
        while seen.len() < count {
            assert!(start.elapsed() < PATIENCE, "{} of {count}", seen.len());
            if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                seen.push(message.unwrap().detach());
            }
        }
        seen
    }

    pub(crate) fn port(&self) -> i64 {
        let servers = self.servers();
        servers.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    pub(crate) fn host(&self) -> String {
        let servers = self.servers();
        servers.rsplit_once(':').unwrap().0.to_owned()
    }

    /// The only span.
    #[track_caller]
    pub(crate) fn span(&self) -> SpanData {
        only(self.capture.spans())
    }

    /// The only span of this operation on the topic.
    #[track_caller]
    pub(crate) fn span_of(&self, operation: &str) -> SpanData {
        self.span_named(&self.named(operation))
    }

    /// The only span of this name.
    #[track_caller]
    pub(crate) fn span_named(&self, name: &str) -> SpanData {
        let spans = self.capture.spans().into_iter();
        only(spans.filter(|span| span.name == name).collect())
    }

    /// The only point of a metric.
    #[track_caller]
    pub(crate) fn point(&self, metric: &str) -> Point {
        only(self.capture.points(metric))
    }

    /// Waits until this number of spans has ended.
    #[track_caller]
    pub(crate) fn wait_for_spans(&self, count: usize) -> Vec<SpanData> {
        let start = Instant::now();
        loop {
            let spans = self.capture.spans();
            if spans.len() >= count {
                assert_eq!(spans.len(), count);
                return spans;
            }
            assert!(start.elapsed() < PATIENCE, "{} of {count}", spans.len());
            std::thread::yield_now();
        }
    }
}

/// The address of a broker on which nothing listens.
pub(crate) fn nowhere() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "127.0.0.1:1");
    config
}

pub(crate) type Pair<'a> = (&'a str, Option<&'a [u8]>);

pub(crate) const USERS: [Pair<'_>; 4] = [
    ("a", Some(b"1")),
    ("null", None),
    ("bytes", Some(b"\xff\x00\xfe")),
    ("a", Some(b"2")),
];

pub(crate) fn headers(pairs: &[Pair<'_>]) -> OwnedHeaders {
    let headers = pairs.iter().map(|&(key, value)| Header { key, value });
    headers.fold(OwnedHeaders::new(), OwnedHeaders::insert)
}

pub(crate) fn pairs<H: Headers>(headers: Option<&H>) -> Vec<Pair<'_>> {
    let headers = headers.into_iter().flat_map(Headers::iter);
    headers.map(|header| (header.key, header.value)).collect()
}

pub(crate) fn traceparent(span: &SpanData) -> String {
    let context = &span.span_context;
    let flags = context.trace_flags().to_u8();
    format!(
        "00-{}-{}-{flags:02x}",
        context.trace_id(),
        context.span_id()
    )
}

pub(crate) fn links(span: &SpanData) -> Vec<SpanId> {
    let links = span.links.iter();
    links.map(|link| link.span_context.span_id()).collect()
}

pub(crate) fn value(span: &SpanData, key: &str) -> Option<Value> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.clone())
}

pub(crate) fn text(key: &str, value: impl Into<String>) -> (String, Value) {
    (key.to_owned(), Value::from(value.into()))
}

pub(crate) fn number(key: &str, value: i64) -> (String, Value) {
    (key.to_owned(), Value::from(value))
}

pub(crate) fn labels(point: Point) -> Vec<(String, Value)> {
    point.labels.into_iter().collect()
}

#[track_caller]
pub(crate) fn only<T>(found: Vec<T>) -> T {
    assert_eq!(found.len(), 1);
    found.into_iter().next().unwrap()
}

/// A name that no other test has, neither in this run nor in another one on the same broker.
fn unique() -> String {
    static BEGUN: LazyLock<u128> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap().as_nanos()
    });
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}.{:x}.{count}", *BEGUN, std::process::id())
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const DURATION: &str = "messaging.client.operation.duration";
pub(crate) const SENT: &str = "messaging.client.sent.messages";
pub(crate) const CONSUMED: &str = "messaging.client.consumed.messages";
pub(crate) const PROCESS: &str = "messaging.process.duration";
/// Further ahead of the clock than a broker accepts by default: see [`REFUSED`].
pub(crate) const FAR_AHEAD: i64 = 4_102_444_800_000;
pub(crate) const REFUSED: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
const UNKNOWN_TOPIC: &str = "nowhere";
