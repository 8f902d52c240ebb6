//! Sends orders, with the context of their span in the headers.

use async_nats::Client;
use otel_instrumentation::{Message, ProducerInstrumentation};
use otel_propagation::MessageInjector;

use crate::headers::Headers;

pub(crate) async fn publish(
    client: &Client,
    producer: &ProducerInstrumentation,
    subject: &'static str,
    order: &'static str,
) -> Result<(), async_nats::Error> {
    let mut headers = Headers::default();
    let mut operation = producer.send(&Message::new(subject), &headers);
    operation.inject(&mut MessageInjector(&mut headers));
    let sent = async {
        client
            .publish_with_headers(subject, headers.0, order.into())
            .await?;
        // The server has received it now.
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
