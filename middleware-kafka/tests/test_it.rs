//! The test of the README, literally.

use std::time::Duration;

use otel_middleware_kafka::testing::Capture;
use otel_middleware_kafka::{MessagingConfig, OtelProducer};
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::FutureRecord;

#[tokio::test]
async fn order_is_announced() -> Result<(), KafkaError> {
    let capture = Capture::new();
    let mut config = ClientConfig::new();
    // An in-memory broker, which is part of librdkafka.
    let producer: OtelProducer = config.set("test.mock.num.brokers", "1").create()?;
    let producer = producer.with_config(MessagingConfig::new().providers(capture.providers()));

    let record = FutureRecord::to("order.placed").key("42").payload("{}");
    let sent = producer.send(record, Duration::from_secs(30)).await;
    sent.map_err(|(error, _)| error)?;

    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].name, "send order.placed");
    assert_eq!(capture.points("messaging.client.sent.messages").len(), 1);
    Ok(())
}
