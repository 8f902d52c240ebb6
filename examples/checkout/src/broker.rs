//! The broker for announcements of orders.

use anyhow::Result;

#[cfg(feature = "kafka")]
pub(crate) use queue::Broker;

/// A placeholder: librdkafka was left out.
#[cfg(not(feature = "kafka"))]
pub(crate) struct Broker;

#[cfg(not(feature = "kafka"))]
impl Broker {
    pub(crate) async fn start() -> Result<Self> {
        Ok(Self)
    }

    pub(crate) fn addresses(&self) -> Option<String> {
        None
    }
}

#[cfg(feature = "kafka")]
mod queue {
    use std::env;
    use std::time::Duration;

    use anyhow::{Context, anyhow};
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    use rdkafka::client::DefaultClientContext;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;
    use rdkafka::types::RDKafkaErrorCode;

    use super::Result;
    use crate::services::{TOPIC, client_config};

    pub(crate) enum Broker {
        /// librdkafka's mock cluster: in this process, with the real protocol on loopback.
        Own(MockCluster<'static, DefaultProducerContext>),
        Named(String),
    }

    impl Broker {
        /// Returns when the topic exists.
        pub(crate) async fn start() -> Result<Self> {
            match env::var(VARIABLE)
                .ok()
                .filter(|name| !name.trim().is_empty())
            {
                Some(brokers) => {
                    let created = create_topic(&brokers).await;
                    created.with_context(|| format!("{brokers} ({VARIABLE})"))?;
                    Ok(Self::Named(brokers))
                }
                None => {
                    let cluster = MockCluster::new(1)?;
                    cluster.create_topic(TOPIC, 1, 1)?;
                    Ok(Self::Own(cluster))
                }
            }
        }

        pub(crate) fn addresses(&self) -> Option<String> {
            Some(match self {
                Self::Own(cluster) => cluster.bootstrap_servers(),
                Self::Named(brokers) => brokers.clone(),
            })
        }
    }

    async fn create_topic(brokers: &str) -> Result<()> {
        let admin: AdminClient<DefaultClientContext> = client_config(brokers).create()?;
        let topic = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(AS_THE_BROKER_HAS_IT));
        let options = AdminOptions::new().operation_timeout(Some(LONGEST_ANSWER));
        let options = options.request_timeout(Some(LONGEST_ANSWER));
        for created in admin.create_topics([&topic], &options).await? {
            match created {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(anyhow!("no topic {topic}: {code}")),
            }
        }
        Ok(())
    }

    const VARIABLE: &str = "KAFKA_BOOTSTRAP_SERVERS";
    const AS_THE_BROKER_HAS_IT: i32 = -1;
    const LONGEST_ANSWER: Duration = Duration::from_secs(10);
}
