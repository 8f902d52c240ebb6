//! Messages over AMQP 0-9-1, as `RabbitMQ` speaks it: one more broker that no crate of the suite covers.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ AMQP_URL=amqp://127.0.0.1:5672 cargo run -p example-lapin
//! ```
//!
//! It sends one message to itself, prints the spans `publish orders` and `process orders` of one
//! trace, and ends.

mod headers;

use std::env;
use std::error::Error;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use otel_instrumentation::{
    ConsumerInstrumentation, Message, MessagingConfig, MessagingSystem, ProducerInstrumentation,
    instrumentation_scope,
};
use otel_propagation::MessageInjector;

use headers::Headers;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _telemetry = otel_autoconfigure::init()?;

    let url = env::var("AMQP_URL").unwrap_or_else(|_| "amqp://127.0.0.1:5672".to_owned());
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let durable = QueueDeclareOptions::default();
    let queue = channel.queue_declare("orders".into(), durable, FieldTable::default());
    queue.await?;
    let (producer, consumer) = instrumentations(config());
    publish(&channel, &producer, b"42").await?;

    let options = BasicConsumeOptions::default();
    let consuming = channel.basic_consume(
        "orders".into(),
        "example".into(),
        options,
        FieldTable::default(),
    );
    if let Some(delivery) = consuming.await?.next().await {
        let delivery = delivery?;
        let headers = Headers::of(&delivery.properties);
        let operation = consumer.process(&Message::new("orders"), &headers);
        operation.run(|| tracing::info!("order received"));
        delivery.ack(BasicAckOptions::default()).await?;
        operation.finish();
    }
    Ok(())
}

async fn publish(
    channel: &Channel,
    producer: &ProducerInstrumentation,
    order: &[u8],
) -> lapin::Result<()> {
    let mut headers = Headers::default();
    let mut operation = producer.send(&Message::new("orders"), &headers);
    operation.inject(&mut MessageInjector(&mut headers));
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default().with_headers(headers.0);
    let published = channel.basic_publish("".into(), "orders".into(), options, order, properties);
    let published = published.await;
    if let Err(error) = &published {
        operation.fail("publish", error.to_string());
    }
    operation.finish();
    published.map(drop)
}

/// The words of `RabbitMQ` for what is done.
fn config() -> MessagingConfig {
    MessagingConfig::new().system(MessagingSystem::new("rabbitmq").send("publish"))
}

fn instrumentations(config: MessagingConfig) -> (ProducerInstrumentation, ConsumerInstrumentation) {
    let scope = || instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    (
        ProducerInstrumentation::new(scope(), config.clone()),
        ConsumerInstrumentation::new(scope(), config),
    )
}

#[cfg(test)]
mod tests {
    use lapin::types::AMQPValue;
    use otel_instrumentation::testing::Capture;

    use super::*;

    /// By the properties of a message, for which no broker is needed.
    #[test]
    fn message_is_worked_on_in_the_trace_of_its_sending() {
        let capture = Capture::new();
        let (producer, consumer) = instrumentations(config().providers(capture.providers()));
        let mut headers = Headers::default();
        headers.0.insert("retries".into(), AMQPValue::LongInt(3));
        let operation = producer.send(&Message::new("orders"), &headers);
        operation.inject(&mut MessageInjector(&mut headers));
        operation.finish();
        let properties = BasicProperties::default().with_headers(headers.0);

        let headers = Headers::of(&properties);
        assert_eq!(
            headers.0.inner().get("retries"),
            Some(&AMQPValue::LongInt(3))
        );
        let message = Message::new("orders");
        consumer.process(&message, &headers).finish();
        let spans = capture.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["publish orders", "process orders"]);
        let [sent, worked_on] = &spans[..] else {
            panic!("{spans:#?}");
        };
        assert_eq!(worked_on.parent_span_id, sent.span_context.span_id());
    }
}
