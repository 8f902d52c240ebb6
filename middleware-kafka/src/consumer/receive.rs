//! The arrival of messages.

use otel_instrumentation::ConsumerInstrumentation;
use rdkafka::Message;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;

use crate::facts;
use crate::headers::KafkaHeaders;

/// Records that a message has arrived or that receiving has failed. The end of a partition is
/// neither.
pub(super) fn receive(
    instrumentation: &ConsumerInstrumentation,
    received: &KafkaResult<BorrowedMessage<'_>>,
) {
    match received {
        Err(KafkaError::PartitionEOF(_)) => {}
        _ if !instrumentation.receives() => {}
        Ok(message) => {
            let headers = KafkaHeaders::new(message.headers());
            instrumentation
                .receive(&facts::received(message), &headers)
                .finish();
        }
        Err(error) => {
            let mut operation = instrumentation.receive_failed();
            facts::fail(&mut operation, error);
            operation.finish();
        }
    }
}
