//! The queue between orders and notification.

use rdkafka::ClientConfig;

/// A client of these brokers.
pub(crate) fn client_config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

pub(crate) const TOPIC: &str = "order.placed";
