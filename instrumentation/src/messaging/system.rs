//! The messaging system and the names of its operations.

use std::borrow::Cow;

/// A messaging system: the value of `messaging.system.name` and the names of its operations.
///
/// The name of a span begins with that of the operation, as in `send orders`.
///
/// ```
/// use otel_instrumentation::MessagingSystem;
///
/// let rabbit = MessagingSystem::new("rabbitmq").send("publish").receive("consume").settle("ack");
/// assert_ne!(rabbit, MessagingSystem::KAFKA);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagingSystem {
    pub(crate) name: Cow<'static, str>,
    pub(crate) send: Cow<'static, str>,
    pub(crate) receive: Cow<'static, str>,
    pub(crate) process: Cow<'static, str>,
    pub(crate) settle: Cow<'static, str>,
}

impl MessagingSystem {
    /// Apache Kafka: `send`, `poll`, `process` and `commit`.
    pub const KAFKA: Self = Self {
        name: Cow::Borrowed(KAFKA),
        send: Cow::Borrowed("send"),
        receive: Cow::Borrowed("poll"),
        process: Cow::Borrowed("process"),
        settle: Cow::Borrowed("commit"),
    };

    /// Creates another system, with its name in the conventions, such as `rabbitmq` or `nats`. By
    /// default its operations are named `send`, `receive`, `process` and `settle`.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            receive: Cow::Borrowed("receive"),
            settle: Cow::Borrowed("settle"),
            ..Self::KAFKA
        }
    }

    /// Sets the name of sending a message to the broker. Default: `send`.
    #[must_use]
    pub fn send(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.send = name.into();
        self
    }

    /// Sets the name of receiving messages from the broker. Default: `receive`.
    #[must_use]
    pub fn receive(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.receive = name.into();
        self
    }

    /// Sets the name of processing a message. Default: `process`.
    #[must_use]
    pub fn process(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.process = name.into();
        self
    }

    /// Sets the name of acknowledging a message to the broker. Default: `settle`.
    #[must_use]
    pub fn settle(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.settle = name.into();
        self
    }

    pub(crate) fn is_kafka(&self) -> bool {
        self.name == KAFKA
    }
}

impl Default for MessagingSystem {
    /// Kafka.
    fn default() -> Self {
        Self::KAFKA
    }
}

const KAFKA: &str = "kafka";
