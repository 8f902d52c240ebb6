//! The result of processing a message.

use std::any::Any;

use otel_instrumentation::ErrorType;
use rdkafka::error::KafkaError;

use crate::facts;

/// The result of processing a message: `()` or a `Result`.
///
/// Implement it for your own type to define when processing has failed.
///
/// ```
/// use otel_middleware_kafka::{ErrorType, ProcessOutput};
///
/// enum Handled {
///     Done,
///     Rejected,
/// }
///
/// impl ProcessOutput for Handled {
///     fn error_type(&self) -> Option<ErrorType> {
///         matches!(self, Self::Rejected).then_some(ErrorType("rejected"))
///     }
/// }
/// # assert!(Handled::Done.error_type().is_none() && Handled::Rejected.error_type().is_some());
/// ```
pub trait ProcessOutput {
    /// The `error.type` of a failure, or `None` for success. It is a label of metrics, so use only
    /// a few different values.
    fn error_type(&self) -> Option<ErrorType>;
}

impl ProcessOutput for () {
    fn error_type(&self) -> Option<ErrorType> {
        None
    }
}

/// The `error.type` of a Kafka error is its code, and that of any other error its
/// [class](ErrorType::of).
impl<T, E: Any> ProcessOutput for Result<T, E> {
    fn error_type(&self) -> Option<ErrorType> {
        let error = self.as_ref().err()?;
        let kafka = (error as &dyn Any).downcast_ref::<KafkaError>();
        Some(kafka.map_or_else(|| ErrorType::of(error), facts::error_type))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use rdkafka::error::RDKafkaErrorCode;

    use super::*;

    #[test]
    fn failures_have_classes() {
        let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
        assert_eq!(().error_type(), None);
        assert_eq!(Ok::<_, fmt::Error>(1).error_type(), None);
        let cases = [
            (Err::<(), _>(full).error_type(), "_QUEUE_FULL"),
            (Err::<(), _>(fmt::Error).error_type(), "core::fmt::Error"),
            (
                Err::<(), Box<dyn std::error::Error>>("a".into()).error_type(),
                "_OTHER",
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, Some(ErrorType(expected)));
        }
    }
}
