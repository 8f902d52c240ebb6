//! What a scenario is made of.

use otel_instrumentation::DatabaseConfig;

use crate::each::Each;

/// What a program does, and the telemetry that is expected.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The options, on top of the defaults. By default, waits for a connection are hidden.
    pub config: fn(DatabaseConfig) -> DatabaseConfig,
    /// What it happens in.
    pub surroundings: Surroundings,
    /// The calls, one after the other, and how each ends.
    pub steps: &'static [(Step, Each<End>)],
    /// The spans, in the order of their ends.
    pub spans: Each<&'static [Span]>,
    /// The attributes of the database, if they are not the driver's usual ones.
    pub database: Option<Each<&'static [Fact]>>,
}

impl Scenario {
    /// Within a request, with the default settings, and without spans.
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

/// The context of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Within a request of another service, whose span is the parent of every span.
    Request,
    /// The same, with the calls on a thread of `spawn_blocking`.
    SpawnBlocking,
    /// No provider was set.
    WithoutSdk,
    /// Telemetry is suppressed.
    Suppressed,
}

/// A text, and the values to bind to it.
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
    /// This many rows, one by one, before the stream is dropped. `None`: to its end.
    Rows(Query, Option<usize>),
    /// The caller's type does not fit the row.
    Misfit(&'static str),
    /// The caller panics while rows are streamed to it.
    PanicInStream(&'static str),
    /// The caller panics over the only row.
    PanicOverOne(&'static str),
    /// The future and the stream are dropped before they are polled.
    NeverPolled(Query),
    /// The future is dropped after it was polled once.
    GivenUp(&'static str),
    /// The future is dropped while it waits for a connection of a pool.
    WaitGivenUp(Query),
    /// The only connection of the pool is in use.
    Exhausted(Query),
    /// The server of the pool, or the folder of its file, does not exist.
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
    /// With this many rows, read or changed.
    Rows(u64),
    /// It succeeded. The number of changed rows is not known.
    Done,
    /// There was no row.
    NoRow,
    /// With an error of the database, the driver or the pool.
    Failed,
    /// A row was found, but could not be decoded.
    Misfit,
    /// With a panic of the caller.
    Panicked,
    /// The caller did not wait for the end.
    GivenUp,
}

/// An expected span and, except for `acquire`, its point.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its name, which is `db.query.summary`.
    pub name: &'static str,
    /// `db.query.text`, if it is expected.
    pub text: Option<&'static str>,
    /// How it failed.
    pub error: Option<Error>,
    /// The description of its status.
    pub message: &'static str,
    /// `db.response.returned_rows`.
    pub rows: Option<i64>,
}

impl Span {
    /// A span without a failure.
    pub const fn of(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text: Some(text),
            error: None,
            message: "",
            rows: None,
        }
    }

    /// A span whose name is its whole text.
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
    /// With a code of the database, which is also `db.response.status_code`.
    Code(&'static str),
    /// With a class of ours.
    Class(&'static str),
}

/// An attribute of a span and a label of its point.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// One of type string.
    Text(&'static str, &'static str),
    /// One of type int.
    Number(&'static str, i64),
}
