//! What a scenario is made of.

use otel_instrumentation::DatabaseConfig;

use crate::each::Each;

/// What a program does, and what must come of it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The options, on top of the defaults. Of a wait for a connection nothing is to be seen there.
    pub config: fn(DatabaseConfig) -> DatabaseConfig,
    /// What it happens in.
    pub surroundings: Surroundings,
    /// The calls, one after the other, and how each ends.
    pub steps: &'static [(Step, Each<End>)],
    /// The spans, in the order of their ends.
    pub spans: Each<&'static [Span]>,
    /// What the spans say of the database, where it is not the driver's usual one.
    pub database: Option<Each<&'static [Fact]>>,
}

impl Scenario {
    /// Below a request, at the default settings, and without a span.
    pub const fn of(steps: &'static [(Step, Each<End>)]) -> Self {
        Self {
            config: |config| config,
            surroundings: Surroundings::Request,
            steps,
            spans: Each::same(&[]),
            database: None,
        }
    }
}

/// What a scenario happens in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// A request of somebody else's, whose span every span has to be below.
    Request,
    /// The same, with the calls on a thread of `spawn_blocking`.
    SpawnBlocking,
    /// No provider was set.
    WithoutSdk,
    /// Telemetry is suppressed.
    Suppressed,
}

/// A text, and the values that are bound to it.
pub type Query = (&'static str, &'static [&'static str]);

/// One call. The rows of a query have one column, `name`.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Counts the rows that were changed.
    Execute(Query),
    /// The only row, which may be missing.
    One(Query),
    /// All rows at once, which are counted.
    All(Query),
    /// Statements without values, sent at once.
    Batch(&'static str),
    /// So many rows, one by one, before the stream is dropped; `None`: to its end.
    Rows(Query, Option<usize>),
    /// Rows that a type of the caller's does not fit.
    Misfit(&'static str),
    /// The caller panics over its rows, which are streamed.
    PanicInStream(&'static str),
    /// The caller panics over its only row.
    PanicOverOne(&'static str),
    /// The future, and the stream, are dropped before they were polled.
    NeverPolled(Query),
    /// The future is dropped after it was polled once.
    GivenUp(&'static str),
    /// The future is dropped while it waits for a connection of a pool.
    WaitGivenUp(Query),
    /// A pool whose only connection is in use.
    Exhausted(Query),
    /// A pool whose server, or whose file's folder, is not there.
    Unreachable(Query),
    /// Calls within a transaction.
    Transaction(&'static [Self], TransactionEnd),
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionEnd {
    /// It holds.
    Committed,
    /// By a call.
    RolledBack,
    /// By a drop.
    Dropped,
}

/// How a call ends for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With so many rows, read or changed.
    Rows(u64),
    /// It was done; how many rows that changed is not told.
    Done,
    /// There was no row.
    NoRow,
    /// With an error of the database, the driver or the pool.
    Failed,
    /// The row was there, but could not be read.
    Misfit,
    /// With a panic of the caller.
    Panicked,
    /// The caller did not wait for it.
    GivenUp,
}

/// A span that has to be there, and, but for `acquire`, the point that belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its name, which is `db.query.summary`.
    pub name: &'static str,
    /// `db.query.text`, if there is to be one.
    pub text: Option<&'static str>,
    /// How it failed.
    pub error: Option<Error>,
    /// The description of its status.
    pub message: &'static str,
    /// `db.response.returned_rows`.
    pub rows: Option<i64>,
}

impl Span {
    /// One without a failure.
    pub const fn of(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text: Some(text),
            error: None,
            message: "",
            rows: None,
        }
    }

    /// One whose name is its whole text.
    pub const fn word(word: &'static str) -> Self {
        Self::of(word, word)
    }

    /// The same with a failure.
    pub const fn failed(mut self, error: Error) -> Self {
        self.error = Some(error);
        self
    }

    /// The wait for a connection within the span that ends next.
    pub const fn acquire(error: Error) -> Self {
        Self {
            name: "acquire",
            text: None,
            error: Some(error),
            message: "",
            rows: None,
        }
    }
}

/// How a query failed.
#[derive(Clone, Copy, Debug)]
pub enum Error {
    /// With a code of the database, which is `db.response.status_code`, too.
    Code(&'static str),
    /// With a class of ours.
    Class(&'static str),
}

/// An attribute of a span and label of its point.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// One of type string.
    Text(&'static str, &'static str),
    /// One of type int.
    Number(&'static str, i64),
}
