//! [`Executor`] for all types that can run a query.
//!
//! There is no [`Acquire`](sqlx::Acquire): it returns sqlx's own connections and transactions,
//! whose queries would not be recorded.
//!
//! ```compile_fail,E0277
//! async fn acquire(pool: &otel_middleware_sqlx::SqlitePool) {
//!     let _ = sqlx::Acquire::acquire(pool).await;
//! }
//! ```
//!
//! ```compile_fail,E0277
//! async fn acquire(connection: &mut otel_middleware_sqlx::SqliteConnection) {
//!     let _ = sqlx::Acquire::begin(connection).await;
//! }
//! ```
//!
//! Nothing dereferences to a type of sqlx either.
//!
//! ```compile_fail,E0308
//! fn dereference(pool: &otel_middleware_sqlx::SqlitePool) -> &sqlx::SqlitePool {
//!     pool
//! }
//! ```
//!
//! ```compile_fail,E0308
//! fn dereference<'a>(
//!     transaction: &'a mut otel_middleware_sqlx::SqliteTransaction<'_>,
//! ) -> &'a mut sqlx::SqliteConnection {
//!     &mut **transaction
//! }
//! ```
//!
//! Call `inner` to get one.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! fn inner<'a>(
//!     transaction: &'a mut otel_middleware_sqlx::SqliteTransaction<'_>,
//! ) -> &'a mut sqlx::SqliteConnection {
//!     transaction.inner()
//! }
//! ```

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::{Describe, Either, Error, Execute, Executor, SqlStr};

use crate::call;
use crate::connection::Connection;
use crate::driver::{Driver, Step};
use crate::pool::Pool;
use crate::query::Query;
use crate::transaction::Transaction;

/// All methods of the trait, for an expression that makes the source of their connection.
macro_rules! methods {
    ($lifetime:lifetime, $source:expr) => {
        type Database = DB;

        fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DB::QueryResult, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let query = Query::take_apart(query);
            Box::pin(call::gather($source(self), query, |result, step| {
                if let Either::Left(ended) = step {
                    Extend::extend(result, [ended]);
                }
            }))
        }

        fn execute_many<'e, 'q: 'e, E>(
            self,
            query: E,
        ) -> BoxStream<'e, Result<DB::QueryResult, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let query = Query::take_apart(query);
            Box::pin(call::stream($source(self), query, Either::left))
        }

        fn fetch<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<DB::Row, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let query = Query::take_apart(query);
            Box::pin(call::stream($source(self), query, Either::right))
        }

        fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step<DB>, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let query = Query::take_apart(query);
            Box::pin(call::stream($source(self), query, Some))
        }

        fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<DB::Row>, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let query = Query::take_apart(query);
            Box::pin(call::gather(
                $source(self),
                query,
                |rows: &mut Vec<_>, step| rows.extend(step.right()),
            ))
        }

        fn fetch_one<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DB::Row, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let (source, query) = ($source(self), Query::take_apart(query));
            // The query itself has not failed.
            Box::pin(async move { call::first(source, query).await?.ok_or(Error::RowNotFound) })
        }

        fn fetch_optional<'e, 'q: 'e, E>(
            self,
            query: E,
        ) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
        where
            $lifetime: 'e,
            E: 'q + Execute<'q, DB>,
        {
            let query = Query::take_apart(query);
            Box::pin(call::first($source(self), query))
        }

        fn prepare_with<'e>(
            self,
            text: SqlStr,
            parameters: &'e [DB::TypeInfo],
        ) -> BoxFuture<'e, Result<DB::Statement, Error>>
        where
            $lifetime: 'e,
        {
            Box::pin(call::prepare($source(self), text, parameters))
        }

        fn describe<'e>(self, text: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
        where
            $lifetime: 'e,
        {
            Box::pin(call::describe($source(self), text))
        }
    };
}

impl<'p, DB: Driver> Executor<'p> for &'_ Pool<DB> {
    methods!('p, Pool::source);
}

impl<'c, DB: Driver> Executor<'c> for &'c mut Connection<DB> {
    methods!('c, Connection::source);
}

impl<'t, DB: Driver> Executor<'t> for &'t mut Transaction<'_, DB> {
    methods!('t, Transaction::source);
}
