//! The identity of a client and its broker: the same for all messages of a client.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::{KeyValue, StringValue};

use crate::config::MessagingConfig;
use crate::semconv;

/// Attributes that need no allocation to be cloned.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    system: StringValue,
    pub(super) is_kafka: bool,
    client_id: Option<StringValue>,
    group: Option<StringValue>,
    address: Option<StringValue>,
    port: Option<u16>,
}

impl Identity {
    /// Everything except the group, which producers do not have.
    pub(super) fn producer(config: &MessagingConfig) -> Self {
        let system = config.system.clone().unwrap_or_default();
        let (address, port) = match config.server.clone() {
            Some((address, port)) if !address.is_empty() => (Some(address), port),
            _ => (None, None),
        };
        Self {
            is_kafka: system.is_kafka(),
            system: shared(system.name),
            client_id: named(config.client_id.as_ref()),
            group: None,
            address: address.map(shared),
            port,
        }
    }

    pub(super) fn consumer(config: &MessagingConfig) -> Self {
        Self {
            group: named(config.group.as_ref()),
            ..Self::producer(config)
        }
    }

    pub(super) fn system(&self) -> KeyValue {
        KeyValue::new(semconv::MESSAGING_SYSTEM_NAME, self.system.clone())
    }

    /// Appends the attributes that follow the destination, always in the same order.
    pub(super) fn describe(&self, attributes: &mut Vec<KeyValue>) {
        if let Some(group) = &self.group {
            let key = semconv::MESSAGING_CONSUMER_GROUP_NAME;
            attributes.push(KeyValue::new(key, group.clone()));
        }
        if let Some(address) = &self.address {
            attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, address.clone()));
        }
        if let Some(port) = self.port {
            attributes.push(KeyValue::new(semconv::SERVER_PORT, i64::from(port)));
        }
    }

    /// Appends the attributes that only spans have.
    pub(super) fn describe_client(&self, attributes: &mut Vec<KeyValue>) {
        if let Some(client_id) = &self.client_id {
            attributes.push(KeyValue::new(
                semconv::MESSAGING_CLIENT_ID,
                client_id.clone(),
            ));
        }
    }

    /// The target of an operation that has no destination.
    pub(super) fn target(&self) -> Option<Cow<'_, str>> {
        let address = self.address.as_ref()?.as_str();
        Some(match self.port {
            Some(port) => Cow::Owned(format!("{address}:{port}")),
            None => Cow::Borrowed(address),
        })
    }
}

fn named(text: Option<&Cow<'static, str>>) -> Option<StringValue> {
    let text = text.filter(|text| !text.is_empty())?;
    Some(shared(text.clone()))
}

/// A text that is cloned without a copy.
fn shared(text: Cow<'static, str>) -> StringValue {
    match text {
        Cow::Borrowed(text) => StringValue::from(text),
        Cow::Owned(text) => StringValue::from(Arc::<str>::from(text)),
    }
}
