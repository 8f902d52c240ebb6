//! A query, taken apart so that its text can be read, and put together again.

use otel_instrumentation::Statement;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database, Execute, SqlStr};

/// The parts of a query that a driver asks for.
///
/// Reading the text consumes a query, so this one is passed on in its place.
pub(crate) struct Query<DB: Database> {
    statement: Option<DB::Statement>,
    arguments: Result<Option<DB::Arguments>, BoxDynError>,
    is_persistent: bool,
    is_bound: bool,
    text: SqlStr,
}

impl<DB: Database> Query<DB> {
    /// Reads the parts in the order of the drivers: a query that maps its rows is persistent until
    /// its arguments are taken.
    pub(crate) fn take_apart<'q, E>(mut query: E) -> Self
    where
        E: Execute<'q, DB>,
    {
        let statement = query.statement().cloned();
        let arguments = query.take_arguments();
        let is_bound = match &arguments {
            Ok(Some(arguments)) => arguments.len() > 0,
            // A value was to be bound, but could not be encoded.
            Err(_) => true,
            Ok(None) => false,
        };
        Self {
            statement,
            arguments,
            is_persistent: query.persistent(),
            is_bound,
            text: query.sql(),
        }
    }

    /// The facts to record about the query.
    pub(crate) fn facts(&self) -> Statement<'_> {
        Statement::sql(self.text.as_str()).is_bound(self.is_bound)
    }
}

impl<DB: Database> Execute<'_, DB> for Query<DB> {
    fn sql(self) -> SqlStr {
        self.text
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.statement.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        std::mem::replace(&mut self.arguments, Ok(None))
    }

    fn persistent(&self) -> bool {
        self.is_persistent
    }
}
