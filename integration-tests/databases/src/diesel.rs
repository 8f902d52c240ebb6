//! diesel on SQLite, in memory.

mod asynchronous;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use diesel::connection::{SimpleConnection, TransactionManager};
use diesel::deserialize::{self, Queryable};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::result::Error;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use otel_instrumentation::DatabaseConfig;
use otel_middleware_diesel::OtelInstrumentation;

use crate::driver::{CREATE, Driver, FILL};
use crate::each::Each;
use crate::scenario::{End, Fact, Query, Step, TransactionEnd};

/// The middleware for diesel.
pub struct Diesel {
    instrumentation: OtelInstrumentation,
    /// `None` once a step has ended it.
    connection: Option<SqliteConnection>,
}

impl Driver for Diesel {
    const SCOPE: &'static str = "otel-middleware-diesel";

    fn of<T: Copy>(each: &Each<T>) -> T {
        each.diesel_sqlite
    }

    fn database() -> Vec<Fact> {
        vec![Fact::Text("db.system.name", "sqlite")]
    }

    async fn open(config: DatabaseConfig) -> Self {
        let instrumentation = OtelInstrumentation::with_config(config).database_url(":memory:");
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let create = format!("CREATE TABLE {CREATE}; {FILL}");
        connection.batch_execute(&create).unwrap();
        connection.set_instrumentation(instrumentation.clone());
        Self {
            instrumentation,
            connection: Some(connection),
        }
    }

    fn printed(&self) -> Vec<String> {
        vec![format!("{:?}", self.instrumentation)]
    }

    async fn step(&mut self, step: &'static Step) -> End {
        match *step {
            Step::NeverPolled((text, _)) => {
                asynchronous::never_poll(self.connection.take().unwrap(), text)
            }
            Step::GivenUp(text) => {
                asynchronous::give_up(self.connection.take().unwrap(), text).await
            }
            Step::WaitGivenUp(query) | Step::Exhausted(query) => self.exhausted(query),
            Step::Unreachable(query) => self.unreachable(query),
            Step::Transaction(steps, TransactionEnd::Dropped) => {
                dropped(self.connection.take().unwrap(), steps)
            }
            _ => call(self.connection.as_mut().unwrap(), step),
        }
    }
}

impl Diesel {
    /// A pool has no future to drop. A caller gives up after a timeout.
    fn exhausted(&self, query: Query) -> End {
        let pool = Pool::builder()
            .max_size(1)
            .connection_timeout(Duration::from_millis(20))
            .build(ConnectionManager::<SqliteConnection>::new(":memory:"))
            .unwrap();
        let mut held = pool.get().unwrap();
        held.set_instrumentation(self.instrumentation.clone());
        match pool.get() {
            Ok(mut connection) => one(&mut connection, query),
            Err(_) => End::Failed,
        }
    }

    fn unreachable(&self, query: Query) -> End {
        match SqliteConnection::establish("no-such-folder/stock.db") {
            Ok(mut connection) => {
                connection.set_instrumentation(self.instrumentation.clone());
                one(&mut connection, query)
            }
            Err(_) => End::Failed,
        }
    }
}

fn call(connection: &mut SqliteConnection, step: &Step) -> End {
    match *step {
        Step::Execute(query) => match bound(query).execute(connection) {
            Ok(rows) => End::Rows(rows as u64),
            Err(_) => End::Failed,
        },
        Step::One(query) => one(connection, query),
        Step::All(query) => match bound(query).load::<Named>(connection) {
            Ok(rows) => End::Rows(rows.len() as u64),
            Err(_) => End::Failed,
        },
        Step::Batch(text) => match connection.batch_execute(text) {
            Ok(()) => End::Done,
            Err(_) => End::Failed,
        },
        Step::Rows(query, most) => {
            let rows = bound(query).load_iter::<Named, _>(connection).unwrap();
            let rows = rows.take(most.unwrap_or(usize::MAX));
            End::Rows(rows.map(Result::unwrap).count() as u64)
        }
        Step::Misfit(text) => match sql::<Text>(text).load::<Misfit>(connection) {
            Err(Error::DeserializationError(_)) => End::Misfit,
            other => panic!("{:?}", other.map(|rows| rows.len())),
        },
        Step::PanicInStream(text) => panics(|| {
            let rows = sql::<Text>(text).load_iter::<Panicking, _>(connection);
            rows.unwrap().for_each(drop);
        }),
        Step::PanicOverOne(text) => panics(|| {
            drop(sql::<Text>(text).get_result::<Panicking>(connection));
        }),
        Step::Transaction(steps, end) => transaction(connection, steps, end),
        Step::NeverPolled(_)
        | Step::GivenUp(_)
        | Step::WaitGivenUp(_)
        | Step::Exhausted(_)
        | Step::Unreachable(_) => panic!("no call of a connection: {step:?}"),
    }
}

fn one(connection: &mut SqliteConnection, query: Query) -> End {
    match bound(query).get_result::<Named>(connection) {
        Ok(row) => {
            assert!(!row.name.is_empty());
            End::Rows(1)
        }
        Err(Error::NotFound) => End::NoRow,
        Err(_) => End::Failed,
    }
}

fn transaction(connection: &mut SqliteConnection, steps: &[Step], end: TransactionEnd) -> End {
    let mut rows = 0;
    let result = connection.transaction(|connection| {
        rows = sum(connection, steps);
        match end {
            TransactionEnd::Committed => Ok(()),
            _ => Err(Error::RollbackTransaction),
        }
    });
    assert_eq!(result.is_ok(), end == TransactionEnd::Committed);
    End::Rows(rows)
}

fn dropped(mut connection: SqliteConnection, steps: &[Step]) -> End {
    type Manager = <SqliteConnection as Connection>::TransactionManager;
    Manager::begin_transaction(&mut connection).unwrap();
    End::Rows(sum(&mut connection, steps))
}

fn sum(connection: &mut SqliteConnection, steps: &[Step]) -> u64 {
    let rows = steps.iter().map(|step| match call(connection, step) {
        End::Rows(rows) => rows,
        end => panic!("{step:?}: {end:?}"),
    });
    rows.sum()
}

type Bound = diesel::query_builder::BoxedSqlQuery<'static, Sqlite, diesel::query_builder::SqlQuery>;

fn bound((text, values): Query) -> Bound {
    let mut query = sql_query(text).into_boxed();
    for value in values {
        query = query.bind::<Text, _>(*value);
    }
    query
}

fn panics(call: impl FnOnce()) -> End {
    match catch_unwind(AssertUnwindSafe(call)) {
        Err(_) => End::Panicked,
        Ok(()) => End::Done,
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

struct Misfit;

impl Queryable<Text, Sqlite> for Misfit {
    type Row = String;

    fn build(_: String) -> deserialize::Result<Self> {
        Err("it does not fit".into())
    }
}

struct Panicking;

impl Queryable<Text, Sqlite> for Panicking {
    type Row = String;

    fn build(_: String) -> deserialize::Result<Self> {
        panic!("on purpose")
    }
}

impl fmt::Debug for Diesel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Diesel").finish_non_exhaustive()
    }
}
