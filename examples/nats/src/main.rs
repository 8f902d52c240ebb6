//! Messages over NATS: a broker that no crate of the suite covers, in a few lines over
//! `otel-instrumentation`.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ NATS_URL=nats://127.0.0.1:4222 cargo run -p example-nats
//! ```
//!
//! It sends one message to itself, prints the spans `send orders` and `process orders` of one
//! trace, and processes further orders until Ctrl-C.

mod headers;
mod publish;

use std::env;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use async_nats::{Client, Message as Order};
use futures_util::StreamExt;
use opentelemetry::trace::FutureExt;
use otel_autoconfigure::shutdown_signal;
use otel_instrumentation::{
    ConsumerInstrumentation, Message, MessagingConfig, MessagingSystem, ProducerInstrumentation,
    instrumentation_scope,
};

use headers::Headers;
use publish::publish;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    // Two seconds after SIGTERM, the work on an order is cancelled, and its span ends.
    otel_autoconfigure::init()?.run(Duration::from_secs(2), consume())
}

async fn consume() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let client = async_nats::connect(url).await?;
    let config = MessagingConfig::new().system(MessagingSystem::new("nats"));
    let scope = || instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let producer = ProducerInstrumentation::new(scope(), config.clone());
    let consumer = ConsumerInstrumentation::new(scope(), config);

    let mut orders = client.subscribe("orders").await?;
    publish(&client, &producer, "orders", "42").await?;
    let mut stop = pin!(shutdown_signal());
    loop {
        let order = tokio::select! {
            order = orders.next() => order,
            () = &mut stop => None,
        };
        let Some(order) = order else { return Ok(()) };
        process(&client, &consumer, order).await;
    }
}

async fn process(client: &Client, consumer: &ConsumerInstrumentation, order: Order) {
    let headers = Headers(order.headers.unwrap_or_default());
    let mut operation = consumer.process(&Message::new(&order.subject), &headers);
    // Another service with the goods answers. If this future is dropped midway, the operation ends
    // as well.
    let stock = client.request("stock", order.payload);
    let stock = stock.with_context(operation.context().clone()).await;
    match stock {
        Ok(_) => operation.run(|| tracing::info!("in stock")),
        Err(error) => operation.fail("stock", error.to_string()),
    }
    operation.finish();
}
