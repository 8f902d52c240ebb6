//! sqlx's errors as `error.type` and message.

use std::io;

use otel_instrumentation::{DbOperation, ErrorType};
use sqlx::Error;

use crate::driver::Driver;

/// Records how the query failed. `error` came from the statement itself.
pub(crate) fn record<DB: Driver>(operation: &mut DbOperation, error: &Error) {
    record_as::<DB>(operation, error, class(error));
}

/// The same as [`record`], for an error that came before there was a connection.
pub(crate) fn record_acquire<DB: Driver>(operation: &mut DbOperation, error: &Error) {
    record_as::<DB>(operation, error, acquire_class(error));
}

fn record_as<DB: Driver>(operation: &mut DbOperation, error: &Error, class: Option<ErrorType>) {
    if !operation.is_recording() {
        return;
    }
    let answer = error.as_database_error();
    let code = answer.and_then(|answer| Some((DB::error_code(answer)?, answer.message())));
    match (code, class) {
        (Some((code, message)), _) => operation.record_error_code(&code, &message),
        (None, Some(class)) => operation.fail(class, error),
        (None, None) => {}
    }
}

/// The class of an error because of which a pool returns no connection.
pub(crate) fn acquire_class(error: &Error) -> Option<ErrorType> {
    match error {
        Error::Io(_) | Error::Configuration(_) | Error::Database(_) | Error::Protocol(_) => {
            Some(ErrorType::CONNECT)
        }
        other => class(other),
    }
}

/// `None` if the error is not a failure of the query.
fn class(error: &Error) -> Option<ErrorType> {
    Some(match error {
        Error::RowNotFound => return None,
        Error::PoolTimedOut => ErrorType::POOL_TIMEOUT,
        Error::PoolClosed => ErrorType::POOL_CLOSED,
        Error::Tls(_) => ErrorType::TLS,
        Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => ErrorType::TIMEOUT,
        Error::Io(_) | Error::WorkerCrashed => ErrorType::IO,
        Error::Protocol(_) | Error::BeginFailed => ErrorType::PROTOCOL,
        Error::Encode(_) | Error::InvalidArgument(_) => ErrorType::ENCODE,
        Error::Decode(_)
        | Error::ColumnDecode { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnIndexOutOfBounds { .. }
        | Error::TypeNotFound { .. } => ErrorType::DECODE,
        _ => ErrorType::OTHER,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_classes() {
        let cases = [
            (Error::RowNotFound, None, None),
            (
                Error::PoolTimedOut,
                Some("pool_timeout"),
                Some("pool_timeout"),
            ),
            (Error::PoolClosed, Some("pool_closed"), Some("pool_closed")),
            (Error::Tls("bad".into()), Some("tls"), Some("tls")),
            (
                Error::Io(io::ErrorKind::TimedOut.into()),
                Some("timeout"),
                Some("connect"),
            ),
            (
                Error::Io(io::ErrorKind::ConnectionRefused.into()),
                Some("io"),
                Some("connect"),
            ),
            (Error::WorkerCrashed, Some("io"), Some("io")),
            (
                Error::Protocol("odd".into()),
                Some("protocol"),
                Some("connect"),
            ),
            (Error::Encode("bad".into()), Some("encode"), Some("encode")),
            (Error::Decode("bad".into()), Some("decode"), Some("decode")),
            (
                Error::ColumnNotFound("id".into()),
                Some("decode"),
                Some("decode"),
            ),
            (
                Error::Configuration("bad".into()),
                Some("_OTHER"),
                Some("connect"),
            ),
            (
                Error::InvalidSavePointStatement,
                Some("_OTHER"),
                Some("_OTHER"),
            ),
        ];
        for (error, in_query, in_acquire) in cases {
            let name = |class: Option<ErrorType>| class.map(|class| class.0);
            assert_eq!(name(class(&error)), in_query, "{error:?}");
            assert_eq!(name(acquire_class(&error)), in_acquire, "{error:?}");
        }
    }
}
