//! The broker: librdkafka's mock cluster, or a real one that `KAFKA_BOOTSTRAP_SERVERS` names.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::MetadataTopic;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::PATIENCE;

pub(super) enum Broker {
    Mock(MockCluster<'static, DefaultProducerContext>),
    /// Its address. It creates no topics by itself.
    Real(String),
}

impl Broker {
    pub(super) fn new() -> Self {
        match std::env::var(VARIABLE) {
            Ok(servers) => Self::Real(servers),
            Err(_) => Self::Mock(MockCluster::new(1).unwrap()),
        }
    }

    pub(super) fn servers(&self) -> String {
        match self {
            Self::Mock(mock) => mock.bootstrap_servers(),
            Self::Real(servers) => servers.clone(),
        }
    }

    /// Creates a topic of one partition, which exists when this returns.
    pub(super) fn create_topic(&self, topic: &str) {
        match self {
            Self::Mock(mock) => mock.create_topic(topic, 1, 1).unwrap(),
            Self::Real(servers) => create(servers, topic),
        }
    }

    /// The mock answers the next request with this code. A real broker decides for itself.
    pub(super) fn answers(&self, request: RDKafkaApiKey, code: RDKafkaRespErr) {
        if let Self::Mock(mock) = self {
            mock.request_errors(request, &[code]);
        }
    }

    /// The mock denies the topic. A real broker knows the topics that were created.
    pub(super) fn does_not_know(&self, topic: &str) {
        if let Self::Mock(mock) = self {
            let unknown = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
            mock.topic_error(topic, unknown).unwrap();
        }
    }
}

fn create(servers: &str, topic: &str) {
    let mut config = ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> =
        config.set("bootstrap.servers", servers).create().unwrap();
    let topics = [NewTopic::new(topic, 1, TopicReplication::Fixed(1))];
    let creating = admin.create_topics(&topics, &AdminOptions::new());
    // The calling test may be in a runtime, which cannot block.
    let results = std::thread::scope(|scope| {
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
        };
        let waiting = scope.spawn(move || runtime().block_on(creating));
        waiting.join().unwrap()
    });
    for created in results.unwrap() {
        created.unwrap();
    }
    let start = Instant::now();
    let is_led = || {
        let wait = Duration::from_secs(1);
        let metadata = admin.inner().fetch_metadata(Some(topic), wait).unwrap();
        let mut partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
        partitions.any(|partition| partition.leader() >= 0)
    };
    while !is_led() {
        assert!(start.elapsed() < PATIENCE, "{topic} has no leader");
    }
}

const VARIABLE: &str = "KAFKA_BOOTSTRAP_SERVERS";
