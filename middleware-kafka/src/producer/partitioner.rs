//! Partitioners of the user's, and what rdkafka needs to register them.

use std::borrow::Cow;

use rdkafka::ClientConfig;
use rdkafka::producer::{Partitioner, ProducerContext};

/// The configuration with which the partitioner of a context can be registered.
///
/// rdkafka 0.39 registers it with librdkafka's defaults for topics. Those are there only if a
/// property of topics was set: without any, the program crashes. So one is set, to its default.
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

/// The level that the codec itself prefers.
const TOPIC_PROPERTY: &str = "compression.level";
const DEFAULT: &str = "-1";
