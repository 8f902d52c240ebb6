//! The facts that a driver supplies about one query.

use std::fmt;

/// What a driver knows about a query when it begins.
///
/// A driver sets the fields that its API provides and leaves out the rest. It does not need to
/// parse SQL, because that is done here.
///
/// ```
/// use otel_instrumentation::Statement;
///
/// let query = Statement::sql("SELECT name FROM users WHERE id = $1").is_bound(true);
/// assert_eq!(query.operation, None);
///
/// let command = Statement::command("HGET");
/// assert_eq!(command.operation, Some("HGET"));
/// ```
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Statement<'a> {
    /// The text that is sent to the database.
    pub text: Option<&'a str>,
    /// True if at least one value is bound to the text. The literals of such a text are part of the
    /// program; those of any other text may be values.
    pub is_bound: bool,
    /// The operation, if the API provides it, such as a command of Redis.
    pub operation: Option<&'a str>,
    /// The target of the operation, if the API provides it, such as a collection of MongoDB.
    pub collection: Option<&'a str>,
    /// The stored procedure that is called, if the API provides it.
    pub stored_procedure: Option<&'a str>,
    /// How many operations are sent at once, if the API sends batches.
    pub batch_size: Option<u64>,
}

impl<'a> Statement<'a> {
    /// Creates a statement of SQL. It counts as one without bound values, unless
    /// [`is_bound`](Self::is_bound) is set.
    ///
    /// A prepared statement does not count as bound by itself, because a text that contains its
    /// values can be prepared as well.
    #[must_use]
    pub fn sql(text: &'a str) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    /// Creates a statement that is not SQL, with the name of its operation.
    #[must_use]
    pub fn command(operation: &'a str) -> Self {
        Self {
            operation: Some(operation),
            ..Self::default()
        }
    }

    /// Sets [`is_bound`](struct@Self#structfield.is_bound).
    #[must_use]
    pub fn is_bound(mut self, is_bound: bool) -> Self {
        self.is_bound = is_bound;
        self
    }

    /// Sets [`operation`](struct@Self#structfield.operation). The summary is then not taken from
    /// the text.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<Option<&'a str>>) -> Self {
        self.operation = operation.into();
        self
    }

    /// Sets [`collection`](struct@Self#structfield.collection).
    #[must_use]
    pub fn collection(mut self, collection: impl Into<Option<&'a str>>) -> Self {
        self.collection = collection.into();
        self
    }

    /// Sets [`stored_procedure`](struct@Self#structfield.stored_procedure).
    #[must_use]
    pub fn stored_procedure(mut self, procedure: impl Into<Option<&'a str>>) -> Self {
        self.stored_procedure = procedure.into();
        self
    }

    /// Sets [`batch_size`](struct@Self#structfield.batch_size). A batch of one is recorded as a
    /// single operation.
    #[must_use]
    pub fn batch_size(mut self, batch_size: impl Into<Option<u64>>) -> Self {
        self.batch_size = batch_size.into();
        self
    }
}

impl fmt::Debug for Statement<'_> {
    /// Leaves out the text, which may hold values.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Statement")
            .field("is_bound", &self.is_bound)
            .field("operation", &self.operation)
            .field("collection", &self.collection)
            .field("stored_procedure", &self.stored_procedure)
            .field("batch_size", &self.batch_size)
            .finish_non_exhaustive()
    }
}
