//! OTLP over gRPC: which statuses are retried.
//!
//! See <https://opentelemetry.io/docs/specs/otlp/#failures>.

use std::error::Error;

use tonic::Code;
use tonic::Status;
use tonic_types::StatusExt;

use super::Failure;
use super::FailureKind;
use super::of_error;
use super::shortened;
use crate::response_status::ResponseStatus;

/// The failure that a status stands for.
///
/// A status from the receiver has no source. A status made on this side has one, and the source
/// says what happened: its code depends on tonic's features.
pub(crate) fn of_status(status: &Status) -> Failure {
    match status.source() {
        Some(source) => of_error(source),
        None => of_answer(status).answered(ResponseStatus::Grpc(name(status.code()))),
    }
}

fn of_answer(status: &Status) -> Failure {
    let text = text(status);
    let failure = |kind| Failure::new(kind, text.clone());
    let retry_info = status.get_details_retry_info();
    let retry_after = retry_info.as_ref().and_then(|info| info.retry_delay);
    match status.code() {
        Code::ResourceExhausted if retry_info.is_some() => {
            failure(FailureKind::Throttled).after(retry_after)
        }
        Code::ResourceExhausted | Code::OutOfRange if is_about_size(status.message()) => {
            failure(FailureKind::TooLarge)
        }
        Code::Unavailable | Code::Aborted | Code::OutOfRange => {
            failure(FailureKind::Unavailable).after(retry_after)
        }
        // The receiver has stopped in the middle, and does not say how far it got.
        Code::Cancelled | Code::DeadlineExceeded | Code::DataLoss => {
            failure(FailureKind::Unavailable)
                .ambiguous()
                .after(retry_after)
        }
        Code::Unimplemented => failure(FailureKind::NoSuchService),
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Internal
        | Code::Unauthenticated => failure(FailureKind::Refused),
    }
}

/// How the implementations of gRPC in Go and C++, Java and Rust report that a message is too large.
/// There is no code for it.
fn is_about_size(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["larger than max", "exceeds maximum size", "too large"]
        .iter()
        .any(|words| message.contains(words))
}

/// `UNAUTHENTICATED: token expired`
fn text(status: &Status) -> String {
    let said = shortened(status.message());
    let separator = if said.is_empty() { "" } else { ": " };
    format!("{}{separator}{said}", name(status.code()))
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn only_what_the_specification_lists_is_tried_again() {
        for code in 0..=16 {
            let code = Code::from_i32(code);
            let failure = of_status(&Status::new(code, "said"));
            let is_listed = matches!(
                code,
                Code::Cancelled
                    | Code::DeadlineExceeded
                    | Code::Aborted
                    | Code::OutOfRange
                    | Code::Unavailable
                    | Code::DataLoss
            );
            assert_eq!(failure.is_retryable(), is_listed, "{code:?}");
            assert_eq!(failure.to_string(), format!("{}: said", name(code)));
        }
        let unimplemented = of_status(&Status::unimplemented(""));
        assert_eq!(unimplemented.kind(), FailureKind::NoSuchService);
        assert_eq!(unimplemented.to_string(), "UNIMPLEMENTED");
    }

    #[test]
    fn exhausted_receiver_is_tried_again_if_it_says_when() {
        let wait = Duration::from_secs(3);
        for (retry_delay, expected) in [(Some(wait), Some(wait)), (None, None)] {
            let details = ErrorDetails::with_retry_info(retry_delay);
            let status = Status::with_error_details(Code::ResourceExhausted, "quota", details);
            let failure = of_status(&status);
            assert_eq!(failure.kind(), FailureKind::Throttled);
            assert_eq!(failure.retry_after(), expected);
        }
        let without = of_status(&Status::resource_exhausted("quota"));
        assert_eq!(without.kind(), FailureKind::Refused);
    }

    #[test]
    fn size_is_recognised_in_the_words_of_every_implementation() {
        for (code, message) in [
            (
                Code::ResourceExhausted,
                "grpc: received message larger than max (5000000 vs. 4194304)",
            ),
            (
                Code::ResourceExhausted,
                "gRPC message exceeds maximum size 4194304: 5000000",
            ),
            (
                Code::OutOfRange,
                "Error, decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes",
            ),
        ] {
            let failure = of_status(&Status::new(code, message));
            assert_eq!(failure.kind(), FailureKind::TooLarge, "{message}");
        }
    }
}
