//! sqlx, on every database whose feature is on.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::Sender;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, poll};
use otel_instrumentation::DatabaseConfig;
use otel_middleware_sqlx::{Connection, Driver as Recorded, Pool};
use sqlx::pool::PoolOptions;
use sqlx::query::Query as Bound;
use sqlx::{AssertSqlSafe, Error, Executor, IntoArguments};

use crate::driver::{CREATE, Driver, FILL};
use crate::each::Each;
use crate::scenario::{End, Fact, Query, Step, TransactionEnd};

/// The middleware for sqlx.
pub struct Sqlx<DB: Database> {
    config: DatabaseConfig,
    pool: Pool<DB>,
}

type Options<DB> = <<DB as sqlx::Database>::Connection as sqlx::Connection>::Options;

/// What differs between databases.
pub trait Database:
    Recorded<Arguments: IntoArguments<Self>, Connection: sqlx::Connection<Options: Sync>>
{
    /// The keyword after `CREATE` that gives every connection a table of its own.
    const TEMPORARY: &'static str;

    /// Its column.
    fn of<T: Copy>(each: &Each<T>) -> T;

    /// The attributes that every span has.
    fn facts() -> Vec<Fact>;

    /// The way to it.
    fn options() -> Options<Self>;

    /// The way to nothing.
    fn unreachable() -> Options<Self>;

    /// Keeps queries on the connection from ending while the returned value lives. `None` if a
    /// query waits for the network anyway, so that it cannot end in its first poll.
    fn hold(connection: &mut Self::Connection) -> impl Future<Output = Option<Sender<()>>> + Send;

    /// How many rows were changed.
    fn changed(result: &Self::QueryResult) -> u64;

    /// The query with its values.
    fn bound(query: Query) -> Bound<'static, Self, Self::Arguments>;

    /// The only column, read with the right type.
    fn name(row: &Self::Row) -> Result<String, Error>;

    /// The only column, read with a wrong type.
    fn number(row: &Self::Row) -> Result<i64, Error>;
}

impl<DB: Database> Driver for Sqlx<DB> {
    const SCOPE: &'static str = "otel-middleware-sqlx";

    fn of<T: Copy>(each: &Each<T>) -> T {
        DB::of(each)
    }

    fn database() -> Vec<Fact> {
        DB::facts()
    }

    async fn open(config: DatabaseConfig) -> Self {
        let pool = pool(TIMEOUT).connect_with(DB::options()).await.unwrap();
        let unrecorded = DatabaseConfig::new().filter(|_| false);
        let unrecorded = Pool::<DB>::with_config(pool.clone(), unrecorded);
        let create = format!("CREATE {} TABLE {CREATE}; {FILL}", DB::TEMPORARY);
        let create = sqlx::raw_sql(AssertSqlSafe(create));
        create.execute(&unrecorded).await.unwrap();
        Self {
            pool: Pool::with_config(pool, config.clone()),
            config,
        }
    }

    fn printed(&self) -> Vec<String> {
        vec![format!("{:?}", self.pool), format!("{:?}", self.config)]
    }

    async fn step(&mut self, step: &'static Step) -> End {
        match *step {
            Step::GivenUp(text) => {
                let mut connection = self.pool.acquire().await.unwrap();
                let held = DB::hold(connection.inner()).await;
                let mut query = DB::bound((text, &[])).fetch_all(&mut connection).boxed();
                assert!(poll!(query.as_mut()).is_pending());
                drop(query);
                drop(held);
                End::GivenUp
            }
            Step::WaitGivenUp(query) => {
                let _held = self.pool.inner().acquire().await.unwrap();
                let mut waiting = std::pin::pin!(one(&self.pool, query));
                assert!(poll!(waiting.as_mut()).is_pending());
                End::GivenUp
            }
            Step::Exhausted(query) => {
                let pool = pool::<DB>(Duration::from_millis(500))
                    .connect_with(DB::options())
                    .await
                    .unwrap();
                let pool = Pool::with_config(pool, self.config.clone());
                let _held = pool.inner().acquire().await.unwrap();
                one(&pool, query).await
            }
            Step::Unreachable(query) => {
                let pool =
                    pool::<DB>(Duration::from_millis(500)).connect_lazy_with(DB::unreachable());
                one(&Pool::with_config(pool, self.config.clone()), query).await
            }
            Step::Transaction(steps, end) => {
                let mut connection = self.pool.acquire().await.unwrap();
                transaction(&mut connection, steps, end).await
            }
            _ => call(&self.pool, step).await,
        }
    }
}

async fn call<'e, DB: Database>(executor: impl Executor<'e, Database = DB>, step: &Step) -> End {
    match *step {
        Step::Execute(query) => match DB::bound(query).execute(executor).await {
            Ok(result) => End::Rows(DB::changed(&result)),
            Err(_) => End::Failed,
        },
        Step::One(query) => one(executor, query).await,
        Step::All(query) => match DB::bound(query).fetch_all(executor).await {
            Ok(rows) => End::Rows(rows.len() as u64),
            Err(_) => End::Failed,
        },
        Step::Batch(text) => match sqlx::raw_sql(text).execute(executor).await {
            Ok(_) => End::Done,
            Err(_) => End::Failed,
        },
        Step::Rows(query, most) => {
            let rows = DB::bound(query).fetch(executor);
            let rows = rows.take(most.unwrap_or(usize::MAX));
            let names = rows.map(|row| DB::name(&row.unwrap()).unwrap());
            End::Rows(names.count().await as u64)
        }
        Step::Misfit(text) => {
            let rows = DB::bound((text, &[])).try_map(|row| DB::number(&row));
            match rows.fetch_one(executor).await {
                Err(Error::ColumnDecode { .. }) => End::Misfit,
                other => panic!("{other:?}"),
            }
        }
        Step::PanicInStream(text) => {
            let mut rows = panicking::<DB>(text).fetch(executor);
            panics(async move { rows.try_next().await.map(drop) }).await
        }
        Step::PanicOverOne(text) => {
            let row = panicking::<DB>(text).fetch_one(executor);
            panics(async move { row.await.map(drop) }).await
        }
        Step::NeverPolled(query) => {
            drop(DB::bound(query).fetch(executor));
            End::GivenUp
        }
        Step::GivenUp(_)
        | Step::WaitGivenUp(_)
        | Step::Exhausted(_)
        | Step::Unreachable(_)
        | Step::Transaction(..) => panic!("no call of an executor: {step:?}"),
    }
}

async fn one<'e, DB: Database>(executor: impl Executor<'e, Database = DB>, query: Query) -> End {
    match DB::bound(query).fetch_one(executor).await {
        Ok(row) => {
            assert!(!DB::name(&row).unwrap().is_empty());
            End::Rows(1)
        }
        Err(Error::RowNotFound) => End::NoRow,
        Err(_) => End::Failed,
    }
}

fn transaction<'a, DB: Database>(
    connection: &'a mut Connection<DB>,
    steps: &'static [Step],
    end: TransactionEnd,
) -> LocalBoxFuture<'a, End> {
    async move {
        let mut transaction = connection.begin().await.unwrap();
        let mut sum = 0;
        for step in steps {
            let end = match *step {
                Step::Transaction(steps, end) => {
                    self::transaction(&mut transaction, steps, end).await
                }
                _ => call(&mut transaction, step).await,
            };
            match end {
                End::Rows(rows) => sum += rows,
                end => panic!("{step:?}: {end:?}"),
            }
        }
        match end {
            TransactionEnd::Committed => transaction.commit().await.unwrap(),
            TransactionEnd::RolledBack => transaction.rollback().await.unwrap(),
            TransactionEnd::Dropped => drop(transaction),
        }
        End::Rows(sum)
    }
    .boxed_local()
}

type Panicking<DB> = sqlx::query::Map<
    'static,
    DB,
    fn(<DB as sqlx::Database>::Row) -> Result<(), Error>,
    <DB as sqlx::Database>::Arguments,
>;

fn panicking<DB: Database>(text: &'static str) -> Panicking<DB> {
    DB::bound((text, &[])).try_map(|_| panic!("on purpose"))
}

async fn panics(call: impl Future<Output = Result<(), Error>>) -> End {
    match AssertUnwindSafe(call).catch_unwind().await {
        Err(_) => End::Panicked,
        Ok(_) => End::Done,
    }
}

/// One connection that stays: in memory each connection is a database of its own, and on a server
/// each has a table of its own.
fn pool<DB: Database>(timeout: Duration) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(timeout)
}

/// How long the return of the only connection may take, which is a task of sqlx's.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The methods that need the types of a driver.
macro_rules! queries {
    () => {
        fn changed(result: &Self::QueryResult) -> u64 {
            result.rows_affected()
        }

        fn bound(
            (text, values): crate::scenario::Query,
        ) -> sqlx::query::Query<'static, Self, Self::Arguments> {
            let mut query = sqlx::query(text);
            for value in values {
                query = query.bind(*value);
            }
            query
        }

        fn name(row: &Self::Row) -> Result<String, sqlx::Error> {
            sqlx::Row::try_get(row, 0)
        }

        fn number(row: &Self::Row) -> Result<i64, sqlx::Error> {
            sqlx::Row::try_get(row, 0)
        }
    };
}

pub(crate) use queries;

impl<DB: Database> fmt::Debug for Sqlx<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sqlx").finish_non_exhaustive()
    }
}
