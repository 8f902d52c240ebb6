//! The reports that only queries have.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Deref;

use super::lifecycle::Operation;
use super::recording::written;
use crate::outcome::ErrorType;
use crate::outcome::{Failure, Outcome};

/// An [`Operation`] of the database convention.
///
/// It ends when the last row has arrived, or when the caller drops it, which is not an error. The
/// message of an error goes to the span's status only if the
/// [configuration](crate::DatabaseConfig::error_messages) allows it.
#[derive(Debug)]
#[must_use = "an operation that is dropped counts as cancelled"]
pub struct DbOperation(Operation);

impl DbOperation {
    pub(crate) fn new(operation: Operation) -> Self {
        Self(operation)
    }

    /// Records that the database answered with an error: `code` becomes `db.response.status_code`
    /// and `error.type`. The first error counts.
    ///
    /// `code` is the SQLSTATE for PostgreSQL, the number of the error for MySQL, MariaDB and SQL
    /// Server, the extended result code for SQLite, and the first word of the error for Redis.
    pub fn record_error_code(&mut self, code: &str, message: &dyn Display) {
        let Some((recording, _)) = self.0.recording() else {
            return;
        };
        let Outcome::Db(db) = &mut recording.outcome else {
            return;
        };
        let tells = db.tells_messages && recording.span_records;
        if recording.failure.is_none() && db.answer_error(code) && tells {
            recording.message = written(message);
        }
    }

    /// Records a failure that is not an answer of the database. The first error counts.
    ///
    /// A query that finds no row has not failed.
    pub fn fail(&mut self, error_type: ErrorType, message: &dyn Display) {
        let Some((recording, _)) = self.0.recording() else {
            return;
        };
        let Outcome::Db(db) = &recording.outcome else {
            return;
        };
        if recording.failure.is_some() || db.is_error() {
            return;
        }
        let message = match db.tells_messages && recording.span_records {
            true => Cow::Owned(written(message)),
            false => Cow::Borrowed(""),
        };
        recording.failure = Some(Failure {
            error_type: Cow::Borrowed(error_type.0),
            message,
        });
    }

    /// Adds a number of returned rows. It is recorded only with
    /// [`returned_rows`](crate::DatabaseConfig::returned_rows), and only if this is called, so pass
    /// 0 if a query has returned none.
    pub fn record_returned_rows(&mut self, rows: u64) {
        if let Some((recording, _)) = self.0.recording()
            && let Outcome::Db(db) = &mut recording.outcome
        {
            db.return_rows(rows);
        }
    }

    /// Ends the query.
    pub fn finish(self) {
        self.0.finish();
    }
}

/// Read-only access: [`Operation::fail`] would record the message of an error.
impl Deref for DbOperation {
    type Target = Operation;

    fn deref(&self) -> &Operation {
        &self.0
    }
}

impl AsRef<Operation> for DbOperation {
    fn as_ref(&self) -> &Operation {
        &self.0
    }
}
