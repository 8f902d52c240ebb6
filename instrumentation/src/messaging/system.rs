//! Which messaging system it is, and what it calls its operations.

use std::borrow::Cow;

/// A messaging system: the value of `messaging.system.name` and the names of its operations.
///
/// The names of spans begin with that of the operation, such as `send orders`.
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

    /// Another system, by the name that the conventions have for it: `rabbitmq`, `nats`. Its
    /// operations are called `send`, `receive`, `process` and `settle`, until a setter says
    /// otherwise.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            receive: Cow::Borrowed("receive"),
            settle: Cow::Borrowed("settle"),
            ..Self::KAFKA
        }
    }

    /// What it calls handing a message to the broker.
    #[must_use]
    pub fn send(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.send = name.into();
        self
    }

    /// What it calls asking the broker for messages.
    #[must_use]
    pub fn receive(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.receive = name.into();
        self
    }

    /// What it calls the work of a consumer on a message.
    #[must_use]
    pub fn process(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.process = name.into();
        self
    }

    /// What it calls telling the broker that a message is done with.
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
