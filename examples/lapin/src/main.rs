//! Messages over AMQP 0-9-1, as `RabbitMQ` speaks it: another broker without a crate in the suite.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ AMQP_URL=amqp://127.0.0.1:5672 cargo run -p example-lapin
//! ```
//!
//! It sends one message to itself, prints the spans `publish orders` and `process orders` of one
//! trace, and processes further orders until Ctrl-C.

mod headers;
mod publish;
mod rabbitmq;

use std::env;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use opentelemetry::trace::FutureExt;
use otel_autoconfigure::shutdown_signal;
use otel_instrumentation::{ConsumerInstrumentation, Message};

use headers::Headers;

fn main() -> Result<(), Box<dyn Error>> {
    // Two seconds after SIGTERM, the work on an order is cancelled, and its span ends.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), consume())
}

async fn consume() -> Result<(), Box<dyn Error>> {
    let url = env::var("AMQP_URL").unwrap_or_else(|_| "amqp://127.0.0.1:5672".to_owned());
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let (queue, none) = ("orders".into(), FieldTable::default());
    channel
        .queue_declare(queue, QueueDeclareOptions::default(), none.clone())
        .await?;
    let (producer, consumer) = rabbitmq::instrumentations(rabbitmq::config());
    publish::publish(&channel, &producer, b"0").await?;

    let (queue, tag) = ("orders".into(), "example".into());
    let consuming = channel.basic_consume(queue, tag, BasicConsumeOptions::default(), none);
    let mut orders = consuming.await?;
    let mut stop = pin!(shutdown_signal());
    loop {
        let order = tokio::select! {
            order = orders.next() => order,
            () = &mut stop => None,
        };
        let Some(order) = order.transpose()? else {
            return Ok(());
        };
        process(&consumer, order).await?;
    }
}

async fn process(consumer: &ConsumerInstrumentation, order: Delivery) -> lapin::Result<()> {
    let headers = Headers::of(&order.properties);
    // If this future is dropped midway, the operation ends as well.
    let operation = consumer.process(&Message::new("orders"), &headers);
    let packing = pack(&order.data).with_context(operation.context().clone());
    packing.await;
    order.ack(BasicAckOptions::default()).await?;
    operation.finish();
    Ok(())
}

/// An order is the number of seconds that it takes.
async fn pack(order: &[u8]) {
    let seconds = str::from_utf8(order)
        .ok()
        .and_then(|text| text.parse().ok());
    println!("packing takes {seconds:?} s");
    tokio::time::sleep(Duration::from_secs(seconds.unwrap_or_default())).await;
    tracing::info!("packed");
}
