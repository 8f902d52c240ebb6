//! Sends orders, with the context of their span in the headers.

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel};
use otel_instrumentation::{Message, ProducerInstrumentation};
use otel_propagation::MessageInjector;

use crate::headers::Headers;

pub(crate) async fn publish(
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
