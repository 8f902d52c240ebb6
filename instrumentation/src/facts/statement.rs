//! The facts that a driver supplies about one query.

use std::fmt;

/// What a driver knows about a query when it begins.
///
/// A driver fills in what its API says and leaves the rest out: nobody has to read the SQL, which
/// is done here.
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
    /// The text that the database is sent.
    pub text: Option<&'a str>,
    /// Whether at least one value is bound to the text. The literals of such a text are part of
    /// the program; those of any other text may be values.
    pub is_bound: bool,
    /// What is done, where the API says it, such as a command of Redis.
    pub operation: Option<&'a str>,
    /// What it is done to, where the API says it, such as a collection of MongoDB.
    pub collection: Option<&'a str>,
    /// The stored procedure that is called, where the API says it.
    pub stored_procedure: Option<&'a str>,
    /// How many operations are sent at once, where the API is one for many.
    pub batch_size: Option<u64>,
}

impl<'a> Statement<'a> {
    /// SQL, to which nothing is bound until [`is_bound`](Self::is_bound) says so.
    ///
    /// Being prepared is no sign of it: a text with its values in it can be prepared, too.
    #[must_use]
    pub fn sql(text: &'a str) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    /// What is no SQL, by the name of its operation.
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

    /// Sets [`operation`](struct@Self#structfield.operation): the text is not read for a summary
    /// then.
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

    /// Sets [`batch_size`](struct@Self#structfield.batch_size). A batch of one is recorded as what
    /// is no batch.
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
