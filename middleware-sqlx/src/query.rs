//! A query, taken apart to be looked at and put together again.

use otel_instrumentation::Statement;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database, Execute, SqlStr};

/// What a driver asks a query for.
///
/// A text cannot be asked for without consuming the query, so this one is handed on in its place.
pub(crate) struct Query<DB: Database> {
    statement: Option<DB::Statement>,
    arguments: Result<Option<DB::Arguments>, BoxDynError>,
    is_persistent: bool,
    is_bound: bool,
    text: SqlStr,
}

impl<DB: Database> Query<DB> {
    /// In the order of the drivers: a query that maps its rows is persistent until its arguments
    /// are taken.
    pub(crate) fn take_apart<'q, E>(mut query: E) -> Self
    where
        E: Execute<'q, DB>,
    {
        let statement = query.statement().cloned();
        let arguments = query.take_arguments();
        let is_bound = match &arguments {
            Ok(Some(arguments)) => arguments.len() > 0,
            // A value that could not be encoded was to be bound.
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

    /// What is recorded of it.
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
