//! How orders are announced: through Kafka, or by a call.

use anyhow::Result;

use super::client::{Client, accepted};
use super::failure::Failure;
use super::messages::NotificationRequest;
use super::peer::Peer;
#[cfg(feature = "kafka")]
use super::producer::Producer;

#[derive(Clone, Debug)]
pub(super) enum Announcer {
    #[cfg(feature = "kafka")]
    Queue(Box<Producer>),
    Call(Client),
}

impl Announcer {
    pub(super) fn new(notification: Peer, brokers: Option<&str>) -> Result<Self> {
        match brokers {
            #[cfg(feature = "kafka")]
            Some(brokers) => Ok(Self::Queue(Box::new(Producer::new(brokers)?))),
            #[cfg(not(feature = "kafka"))]
            Some(brokers) => anyhow::bail!("this program was built without Kafka ({brokers})"),
            None => Ok(Self::Call(Client::new(notification)?)),
        }
    }

    /// With a queue, the customer's answer does not wait for the announcement.
    pub(super) async fn announce(&self, request: &NotificationRequest) -> Result<(), Failure> {
        match self {
            #[cfg(feature = "kafka")]
            Self::Queue(producer) => producer.send(request),
            Self::Call(notification) => {
                let call = notification.post("/notifications").json(request);
                accepted(call).await
            }
        }
    }

    /// Returns when the broker has everything that was announced.
    pub(super) async fn finish(self) -> Result<()> {
        match self {
            #[cfg(feature = "kafka")]
            Self::Queue(producer) => producer.flush().await,
            Self::Call(_) => Ok(()),
        }
    }
}
