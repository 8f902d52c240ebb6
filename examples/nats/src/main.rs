//! Messages over NATS: a broker that no crate of the suite covers, in a few lines over
//! `otel-instrumentation`.
//!
//! ```console
//! $ export OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none
//! $ NATS_URL=nats://127.0.0.1:4222 cargo run -p example-nats
//! ```
//!
//! It sends one message to itself, prints the spans `send orders` and `process orders` of one
//! trace, and ends.

use std::env;
use std::error::Error;

use async_nats::{Client, HeaderMap};
use futures_util::StreamExt;
use otel_instrumentation::{
    ConsumerInstrumentation, Message, MessagingConfig, MessagingSystem, ProducerInstrumentation,
    instrumentation_scope,
};
use otel_propagation::{MessageHeaders, MessageHeadersMut, MessageInjector};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let _telemetry = otel_autoconfigure::init()?;

    let url = env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let client = async_nats::connect(url).await?;
    let config = MessagingConfig::new().system(MessagingSystem::new("nats"));
    let scope = || instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let producer = ProducerInstrumentation::new(scope(), config.clone());
    let consumer = ConsumerInstrumentation::new(scope(), config);

    let mut orders = client.subscribe("orders").await?;
    publish(&client, &producer, "orders", "42").await?;
    if let Some(message) = orders.next().await {
        let headers = Headers(message.headers.unwrap_or_default());
        let operation = consumer.process(&Message::new(&message.subject), &headers);
        operation.run(|| tracing::info!("order received"));
        operation.finish();
    }
    Ok(())
}

async fn publish(
    client: &Client,
    producer: &ProducerInstrumentation,
    subject: &'static str,
    order: &'static str,
) -> Result<(), async_nats::Error> {
    let mut headers = Headers(HeaderMap::new());
    let mut operation = producer.send(&Message::new(subject), &headers);
    operation.inject(&mut MessageInjector(&mut headers));
    let sent = async {
        client
            .publish_with_headers(subject, headers.0, order.into())
            .await?;
        // The server has it.
        client.flush().await?;
        Ok(())
    };
    let sent: Result<(), async_nats::Error> = sent.await;
    if let Err(error) = &sent {
        operation.fail("publish", error.to_string());
    }
    operation.finish();
    sent
}

/// The headers of NATS, as the carriers read and write them.
struct Headers(HeaderMap);

impl MessageHeaders for Headers {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.0.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            let values = values.iter();
            values.map(move |value| (name, Some(value.as_str().as_bytes())))
        })
    }
}

impl MessageHeadersMut for Headers {
    fn remove(&mut self, name: &str) {
        let kept = self.headers().filter(|(known, _)| *known != name);
        let kept = kept.filter_map(|(name, value)| {
            let value = std::str::from_utf8(value?).ok()?;
            Some((name.parse().ok()?, value.parse().ok()?))
        });
        self.0 = kept.collect();
    }

    fn append(&mut self, name: &str, value: String) {
        self.0.append(name, value);
    }
}
