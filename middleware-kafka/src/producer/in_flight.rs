//! What travels with a message until the broker has it: its operation, and what the user gave.

use std::fmt;

use otel_instrumentation::{Message, MessageOperation, ProducerInstrumentation};
use otel_propagation::MessageInjector;
use rdkafka::Message as _;
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::DeliveryResult;

use crate::facts;
use crate::headers::WrittenHeaders;

/// A message on its way to the broker: the `DeliveryOpaque` of our contexts, with the user's own in
/// it.
///
/// It is named here because it is part of types; it is made and taken apart by the producers.
pub struct InFlight<D> {
    pub(super) operation: MessageOperation,
    pub(super) headers: Given,
    pub(super) opaque: D,
}

/// The headers as the user gave them.
pub(super) enum Given {
    /// The message has them.
    Untouched,
    /// The message has others in place of these.
    Replaced(Option<OwnedHeaders>),
}

impl<D> InFlight<D> {
    /// The message is handed over; its headers get the context.
    pub(super) fn begin(
        instrumentation: &ProducerInstrumentation,
        message: &Message<'_>,
        headers: &mut Option<OwnedHeaders>,
        opaque: D,
    ) -> Box<Self> {
        let mut written = WrittenHeaders::new(headers.as_ref());
        let operation = instrumentation.send(message, &written);
        operation.inject(&mut MessageInjector(&mut written));
        let given = match written.into_written() {
            Some(written) => Given::Replaced(headers.replace(written)),
            None => Given::Untouched,
        };
        Box::new(Self {
            operation,
            headers: given,
            opaque,
        })
    }

    /// The message was not taken: its headers go back as they came.
    pub(super) fn refuse(self, error: &KafkaError, headers: &mut Option<OwnedHeaders>) -> D {
        fail(self.operation, error);
        if let Given::Replaced(given) = self.headers {
            *headers = given;
        }
        self.opaque
    }
}

impl<D> fmt::Debug for InFlight<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InFlight")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// The broker has the message, or never will.
pub(super) fn end(mut operation: MessageOperation, result: &DeliveryResult<'_>) {
    let (Ok(message) | Err((_, message))) = result;
    record_place(&mut operation, message.partition(), message.offset());
    match result {
        Ok(_) => operation.finish(),
        Err((error, _)) => fail(operation, error),
    }
}

/// Where the message is now, as far as the broker has said. Without acknowledgements it never says
/// the offset.
pub(super) fn record_place(operation: &mut MessageOperation, partition: i32, offset: i64) {
    if let Some(partition) = facts::partition(partition) {
        operation.record_partition(partition);
    }
    if let Some(offset) = facts::offset(offset) {
        operation.record_offset(offset);
    }
}

/// The operation failed, and ends.
pub(super) fn fail(mut operation: MessageOperation, error: &KafkaError) {
    facts::fail(&mut operation, error);
    operation.finish();
}
