//! The headers of AMQP as a carrier.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use otel_propagation::{MessageHeaders, MessageHeadersMut};

#[derive(Debug, Default)]
pub(crate) struct Headers(pub(crate) FieldTable);

impl Headers {
    /// The headers of a received message.
    pub(crate) fn of(properties: &BasicProperties) -> Self {
        Self(properties.headers().clone().unwrap_or_default())
    }
}

impl MessageHeaders for Headers {
    fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.0.inner().iter().map(|(name, value)| {
            let value = match value {
                AMQPValue::LongString(text) => Some(text.as_bytes()),
                AMQPValue::ByteArray(bytes) => Some(bytes.as_slice()),
                _ => None,
            };
            (name.as_str(), value)
        })
    }
}

impl MessageHeadersMut for Headers {
    fn remove(&mut self, name: &str) {
        let kept = self.0.inner().iter();
        let kept = kept.filter(|(known, _)| known.as_str() != name);
        let kept: std::collections::BTreeMap<_, _> = kept
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.0 = kept.into();
    }

    /// A table has each name once.
    fn append(&mut self, name: &str, value: String) {
        self.0
            .insert(name.into(), AMQPValue::LongString(value.into()));
    }
}
