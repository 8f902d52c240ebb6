//! The Rust service: it does what `java/Peer.java` does.

use std::time::Duration;

use anyhow::{Result, bail};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::{TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use otel_middleware_kafka::{OtelConsumer, OtelProducer};
use rdkafka::consumer::Consumer;
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::FutureRecord;
use rdkafka::{ClientConfig, Message};
use tokio::time::timeout;

/// Sends an order, returns the order that comes from Java, and ends when its own has come back.
pub(crate) async fn run(brokers: &str, inbox: &str, outbox: &str) -> Result<()> {
    let telemetry = otel_autoconfigure::init()?;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let producer: OtelProducer = config.create()?;
    config
        .set("group.id", inbox)
        .set("auto.offset.reset", "earliest");
    let consumer: OtelConsumer = config.create()?;
    consumer.subscribe(&[inbox])?;

    order(&producer, outbox).await?;
    for seen in 0..2 {
        let Ok(message) = timeout(PATIENCE, consumer.recv()).await else {
            bail!("{seen} of 2 messages have come");
        };
        let message = message?;
        let work = async |message: &BorrowedMessage<'_>| {
            let context = Context::current();
            let tenant = context.baggage().get("tenant").map(ToString::to_string);
            let tenant = KeyValue::new("tenant", tenant.unwrap_or_default());
            context.span().set_attribute(tenant);
            match message.key() {
                Some(b"java") => send(&producer, outbox, "java").await,
                _ => Ok(()),
            }
        };
        consumer.process(&message, work).await?;
    }
    telemetry.shutdown()?;
    Ok(())
}

async fn order(producer: &OtelProducer, topic: &str) -> Result<()> {
    let order = global::tracer("peer").start("order");
    let baggage = [KeyValue::new("tenant", TENANT)];
    let context = Context::new().with_span(order).with_baggage(baggage);
    send(producer, topic, "rust").with_context(context).await
}

async fn send(producer: &OtelProducer, topic: &str, key: &str) -> Result<()> {
    let record = FutureRecord::to(topic).key(key).payload("{}");
    let sent = producer.send(record, PATIENCE).await;
    sent.map_err(|(error, _)| error)?;
    Ok(())
}

/// Contains characters that a header has to encode.
pub(crate) const TENANT: &str = "Müller & Söhne, 50 %";
/// The other side is a JVM with an agent, which starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
