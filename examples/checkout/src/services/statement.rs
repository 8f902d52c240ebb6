//! A span for each SQL statement, as the conventions for databases describe it.

use opentelemetry::trace::{Span, SpanKind, Status, Tracer};
use opentelemetry::{KeyValue, global};

/// One SQL statement; the SQL is of the program's own making, so its text is safe to export.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) operation: &'static str,
    pub(super) collection: &'static str,
    /// Operation and collection in one: the name of the span.
    pub(super) summary: &'static str,
    pub(super) text: &'static str,
}

impl Statement {
    /// Runs the statement's text inside a span of its own.
    pub(super) fn observe<T>(
        &self,
        run: impl FnOnce(&str) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let tracer = global::tracer("inventory");
        let mut span = tracer
            .span_builder(self.summary)
            .with_kind(SpanKind::Client)
            .with_attributes([
                KeyValue::new(DB_SYSTEM_NAME, "sqlite"),
                KeyValue::new(DB_OPERATION_NAME, self.operation),
                KeyValue::new(DB_COLLECTION_NAME, self.collection),
                KeyValue::new(DB_QUERY_SUMMARY, self.summary),
                KeyValue::new(DB_QUERY_TEXT, self.text),
            ])
            .start(&tracer);
        let result = run(self.text);
        if let Err(error) = &result {
            let code = error.sqlite_error().map_or_else(
                || OTHER.to_owned(),
                |sqlite| sqlite.extended_code.to_string(),
            );
            span.set_attribute(KeyValue::new(ERROR_TYPE, code));
            span.set_status(Status::error(error.to_string()));
        }
        span.end();
        result
    }
}

const DB_SYSTEM_NAME: &str = "db.system.name";
const DB_OPERATION_NAME: &str = "db.operation.name";
const DB_COLLECTION_NAME: &str = "db.collection.name";
const DB_QUERY_SUMMARY: &str = "db.query.summary";
const DB_QUERY_TEXT: &str = "db.query.text";
const ERROR_TYPE: &str = "error.type";
/// What the conventions prescribe where no better error type is known.
const OTHER: &str = "_OTHER";
