//! The measured operations: a send until its delivery report, and the work on a message.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use futures_util::FutureExt;
use opentelemetry::{Context, ContextGuard};
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_kafka::{
    MessagingConfig, OtelBaseProducer, OtelConsumer, Providers, extract_context,
};
use rdkafka::ClientConfig;
use rdkafka::consumer::Consumer;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{
    BaseProducer, BaseRecord, FutureProducer, FutureRecord, Producer, ProducerContext,
};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::setup::{Setup, tracestate};

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// rdkafka alone.
    Bare,
    /// A send, whose span ends with its delivery report.
    Send,
    /// Work on a message that does nothing. rdkafka has no part in it.
    Process,
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bare => "bare",
            Self::Send => "send",
            Self::Process => "process",
        })
    }
}

/// Called with everything that the service's thread does for its messages, and nothing else: the
/// threads of the clients and the broker are not counted.
pub type Measure<'a> = dyn FnMut(&mut dyn FnMut()) + 'a;

/// The providers of a set-up.
pub fn providers(setup: Setup) -> Providers {
    match setup {
        Setup::A => Providers::global(),
        Setup::B | Setup::C => dropping_providers(false),
        Setup::D => dropping_providers(true),
    }
}

/// Does the work this many times.
pub fn run(
    subject: Subject,
    setup: Setup,
    providers: Providers,
    count: u32,
    measure: &mut Measure<'_>,
) -> Result<()> {
    let broker = MockCluster::new(1)?;
    broker.create_topic(TOPIC, 1, 1)?;
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", broker.bootstrap_servers())
        .set("linger.ms", "0");
    let config = MessagingConfig::new().providers(providers);
    match subject {
        Subject::Bare => {
            let producer: BaseProducer = client.create()?;
            let send = || {
                producer
                    .send(record())
                    .map_err(|(error, _)| anyhow::anyhow!(error))
            };
            sends(&producer, count, send, measure)
        }
        Subject::Send => {
            let producer: OtelBaseProducer = client.create()?;
            let producer = producer.with_config(config);
            let _attached = attach_caller(setup);
            let send = || {
                producer
                    .send(record())
                    .map_err(|(error, _)| anyhow::anyhow!(error))
            };
            sends(&*producer, count, send, measure)
        }
        Subject::Process => {
            client.set("group.id", "measured");
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?;
            runtime.block_on(works(&client, config, setup, count, measure))
        }
    }
}

fn record<'a>() -> BaseRecord<'a, str, str> {
    BaseRecord::to(TOPIC).key("42").payload(r#"{"order":42}"#)
}

/// One message after the other, as the requests over HTTP are measured. Handling the delivery
/// report is counted, and waiting for it is not.
fn sends<C: ProducerContext>(
    producer: &BaseProducer<C>,
    count: u32,
    send: impl Fn() -> Result<()>,
    measure: &mut Measure<'_>,
) -> Result<()> {
    for _ in 0..count {
        let mut sent = Ok(());
        measure(&mut || sent = send());
        sent?;
        while producer.in_flight_count() > 0 {
            std::thread::sleep(ROUND_TRIP);
            measure(&mut || producer.poll(Duration::ZERO));
        }
    }
    Ok(())
}

async fn works(
    client: &ClientConfig,
    config: MessagingConfig,
    setup: Setup,
    count: u32,
    measure: &mut Measure<'_>,
) -> Result<()> {
    let producer: FutureProducer = client.create()?;
    let record = FutureRecord::to(TOPIC).key("42").payload(r#"{"order":42}"#);
    let sending = producer.send(record.headers(headers(setup)), Duration::from_secs(30));
    sending.await.map_err(|(error, _)| error)?;

    let consumer: OtelConsumer = client.create()?;
    let mut beginning = TopicPartitionList::new();
    beginning.add_partition_offset(TOPIC, 0, Offset::Beginning)?;
    consumer.assign(&beginning)?;
    let consumer = consumer.with_config(config);
    let message = consumer.recv().await?;
    for _ in 0..count {
        let mut worked = None;
        measure(&mut || worked = consumer.process(&message, async |_| ()).now_or_never());
        worked.context("there is nothing to wait for")?;
    }
    Ok(())
}

/// The caller's context is current on the thread, as in a handler that sends a message.
fn attach_caller(setup: Setup) -> ContextGuard {
    extract_context(&Context::new(), Some(&headers(setup))).attach()
}

fn headers(setup: Setup) -> OwnedHeaders {
    let traceparent = Header {
        key: "traceparent",
        value: Some(setup.traceparent()),
    };
    let tracestate = tracestate().map(|value| Header {
        key: "tracestate",
        value: Some(value),
    });
    let headers = OwnedHeaders::new().insert(traceparent);
    tracestate.into_iter().fold(headers, OwnedHeaders::insert)
}

const TOPIC: &str = "order.placed";
/// Generous, because valgrind is slow.
const ROUND_TRIP: Duration = Duration::from_millis(20);
