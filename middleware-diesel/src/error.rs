//! diesel's errors as `error.type`.

use diesel::result::{DatabaseErrorKind, Error};
use otel_instrumentation::ErrorType;

/// `None` if the error is not a failure of the query. diesel hides the codes of databases.
pub(crate) fn class(error: &Error) -> Option<ErrorType> {
    Some(match error {
        Error::NotFound => return None,
        Error::DatabaseError(kind, _) => kind_class(kind),
        Error::InvalidCString(_) | Error::QueryBuilderError(_) | Error::SerializationError(_) => {
            ErrorType::ENCODE
        }
        Error::DeserializationError(_) => ErrorType::DECODE,
        Error::RollbackErrorOnCommit { commit_error, .. } => return class(commit_error),
        _ => ErrorType::OTHER,
    })
}

/// The kind in snake case. Errors without a kind in diesel, such as a syntax error, have none here
/// either.
fn kind_class(kind: &DatabaseErrorKind) -> ErrorType {
    match kind {
        DatabaseErrorKind::UniqueViolation => ErrorType("unique_violation"),
        DatabaseErrorKind::ForeignKeyViolation => ErrorType("foreign_key_violation"),
        DatabaseErrorKind::UnableToSendCommand => ErrorType("unable_to_send_command"),
        DatabaseErrorKind::SerializationFailure => ErrorType("serialization_failure"),
        DatabaseErrorKind::ReadOnlyTransaction => ErrorType("read_only_transaction"),
        DatabaseErrorKind::RestrictViolation => ErrorType("restrict_violation"),
        DatabaseErrorKind::NotNullViolation => ErrorType("not_null_violation"),
        DatabaseErrorKind::CheckViolation => ErrorType("check_violation"),
        DatabaseErrorKind::ExclusionViolation => ErrorType("exclusion_violation"),
        DatabaseErrorKind::ClosedConnection => ErrorType("closed_connection"),
        _ => ErrorType::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: DatabaseErrorKind) -> Error {
        Error::DatabaseError(kind, Box::new("canary".to_owned()))
    }

    #[test]
    fn errors_have_classes() {
        use DatabaseErrorKind as Kind;
        let cases = [
            (Error::NotFound, None),
            (database(Kind::UniqueViolation), Some("unique_violation")),
            (
                database(Kind::ForeignKeyViolation),
                Some("foreign_key_violation"),
            ),
            (
                database(Kind::UnableToSendCommand),
                Some("unable_to_send_command"),
            ),
            (
                database(Kind::SerializationFailure),
                Some("serialization_failure"),
            ),
            (
                database(Kind::ReadOnlyTransaction),
                Some("read_only_transaction"),
            ),
            (
                database(Kind::RestrictViolation),
                Some("restrict_violation"),
            ),
            (database(Kind::NotNullViolation), Some("not_null_violation")),
            (database(Kind::CheckViolation), Some("check_violation")),
            (
                database(Kind::ExclusionViolation),
                Some("exclusion_violation"),
            ),
            (database(Kind::ClosedConnection), Some("closed_connection")),
            (database(Kind::Unknown), Some("_OTHER")),
            (Error::QueryBuilderError("bad".into()), Some("encode")),
            (Error::SerializationError("bad".into()), Some("encode")),
            (Error::DeserializationError("bad".into()), Some("decode")),
            (Error::BrokenTransactionManager, Some("_OTHER")),
            (
                Error::RollbackErrorOnCommit {
                    rollback_error: Box::new(Error::BrokenTransactionManager),
                    commit_error: Box::new(database(Kind::SerializationFailure)),
                },
                Some("serialization_failure"),
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(class(&error).map(|it| it.0), expected, "{error:?}");
        }
    }
}
