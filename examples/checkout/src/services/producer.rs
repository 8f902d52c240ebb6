//! The Kafka producer of orders. Using an [`OtelProducer`] is enough to create its spans and to
//! pass the trace on with the messages.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::http::StatusCode;
use opentelemetry::Context;
use otel_middleware_kafka::OtelProducer;
use otel_propagation::spawn_with_context;
use rdkafka::producer::FutureRecord;
use tokio::task::spawn_blocking;
use tracing::error;

use super::failure::Failure;
use super::messages::NotificationRequest;
use super::queue::{TOPIC, client_config};

#[derive(Clone, Debug)]
pub(super) struct Producer(OtelProducer);

impl Producer {
    pub(super) fn new(brokers: &str) -> Result<Self> {
        let producer = client_config(brokers).set("client.id", "orders").create();
        Ok(Self(producer.context("no producer")?))
    }

    /// Gives the message to the producer and does not wait for the broker: the order is paid for,
    /// and stays valid even if the message is lost. It is only a failure if the producer cannot
    /// queue the message.
    pub(super) fn send(&self, request: &NotificationRequest) -> Result<(), Failure> {
        let order = request.order.to_string();
        let body = serde_json::to_vec(request).map_err(not_announced)?;
        let record = FutureRecord::to(TOPIC).key(&order).payload(&body);
        let delivery = self.0.send_result(record);
        let delivery = delivery.map_err(|(error, _)| not_announced(error))?;
        // With the context of the request, for the log.
        spawn_with_context(Context::current(), async move {
            match delivery.await {
                Ok(Ok(_)) => {}
                Ok(Err((reason, _))) => error!(order, %reason, "order not announced"),
                Err(reason) => error!(order, %reason, "order not announced"),
            }
        });
        Ok(())
    }

    /// Returns when the broker has all messages.
    pub(super) async fn flush(self) -> Result<()> {
        let flushed = spawn_blocking(move || self.0.flush(LONGEST_FLUSH)).await?;
        flushed.context("not all orders could be announced")
    }
}

fn not_announced(reason: impl fmt::Display) -> Failure {
    let message = format!("the order could not be announced: {reason}");
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, message)
}

/// No longer than a running request may take.
const LONGEST_FLUSH: Duration = Duration::from_secs(2);
