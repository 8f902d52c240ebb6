//! The data that travels with a message until the broker has it: its operation, and the user's own
//! data.

use std::fmt;

use otel_instrumentation::{Message, MessageOperation, ProducerInstrumentation};
use otel_propagation::MessageInjector;
use rdkafka::Message as _;
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::DeliveryResult;

use crate::facts;
use crate::headers::WrittenHeaders;

/// A message on its way to the broker. It is the `DeliveryOpaque` of this crate's contexts and
/// contains the user's own.
///
/// It is public because it is part of other types. Only the producers create and read it.
pub struct InFlight<D> {
    pub(super) operation: MessageOperation,
    pub(super) headers: Given,
    pub(super) opaque: D,
}

/// The headers as the user gave them.
pub(super) enum Given {
    /// The message still has them.
    Untouched,
    /// The message has other headers in place of these.
    Replaced(Option<OwnedHeaders>),
}

impl<D> InFlight<D> {
    /// Begins the operation of a message, and writes the context into its headers.
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

    /// Ends the operation of a message that was not queued, and restores its headers.
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

/// Ends the operation, because the broker has the message or never will.
pub(super) fn end(mut operation: MessageOperation, result: &DeliveryResult<'_>) {
    let (Ok(message) | Err((_, message))) = result;
    record_place(&mut operation, message.partition(), message.offset());
    match result {
        Ok(_) => operation.finish(),
        Err((error, _)) => fail(operation, error),
    }
}

/// Records the partition and the offset, if the broker has reported them. Without acknowledgements
/// it never reports the offset.
pub(super) fn record_place(operation: &mut MessageOperation, partition: i32, offset: i64) {
    if let Some(partition) = facts::partition(partition) {
        operation.record_partition(partition);
    }
    if let Some(offset) = facts::offset(offset) {
        operation.record_offset(offset);
    }
}

/// Ends the operation with a failure.
pub(super) fn fail(mut operation: MessageOperation, error: &KafkaError) {
    facts::fail(&mut operation, error);
    operation.finish();
}
