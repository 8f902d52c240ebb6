//! The user's partitioners, and the property that rdkafka needs to register them.

use std::borrow::Cow;

use rdkafka::ClientConfig;
use rdkafka::producer::{Partitioner, ProducerContext};

/// The configuration with which the partitioner of a context can be registered.
///
/// rdkafka 0.39 registers it with librdkafka's defaults for topics. These exist only if a topic
/// property was set; otherwise the program crashes. So one property is set to its default.
pub(super) fn registrable<'a, C, Part>(
    config: &'a ClientConfig,
    context: &C,
) -> Cow<'a, ClientConfig>
where
    C: ProducerContext<Part>,
    Part: Partitioner,
{
    let is_set = config.get(TOPIC_PROPERTY).is_some();
    if is_set || context.get_custom_partitioner().is_none() {
        return Cow::Borrowed(config);
    }
    let mut config = config.clone();
    config.set(TOPIC_PROPERTY, DEFAULT);
    Cow::Owned(config)
}

/// Its default is the level that the codec itself prefers.
const TOPIC_PROPERTY: &str = "compression.level";
const DEFAULT: &str = "-1";
