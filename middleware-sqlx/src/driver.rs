//! What has to be known about a driver.

use std::borrow::Cow;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use otel_instrumentation::DatabaseConfig;
use sqlx::error::DatabaseError;
use sqlx::{Connection, Database, Describe, Either, Error, Execute, SqlStr};

/// A driver of sqlx whose queries can be recorded.
///
/// It is implemented for the databases whose features are enabled. Implement it to use another
/// driver. Every method except the first two is one call of the connection's own
/// [`Executor`](sqlx::Executor), which generic code cannot call.
pub trait Driver: Database {
    /// The system, the namespace and the server in the options, without a password.
    fn identity(options: &<Self::Connection as Connection>::Options) -> DatabaseConfig;

    /// The code of an error of this database, as the conventions require it. Default: the code that
    /// sqlx returns.
    fn error_code(error: &dyn DatabaseError) -> Option<Cow<'_, str>> {
        error.code()
    }

    /// [`Executor::fetch_many`](sqlx::Executor::fetch_many) of the connection.
    fn fetch_many<'e, 'q: 'e, E>(
        connection: &'e mut Self::Connection,
        query: E,
    ) -> BoxStream<'e, Result<Step<Self>, Error>>
    where
        E: 'q + Execute<'q, Self>;

    /// [`Executor::fetch_optional`](sqlx::Executor::fetch_optional) of the connection.
    fn fetch_optional<'e, 'q: 'e, E>(
        connection: &'e mut Self::Connection,
        query: E,
    ) -> BoxFuture<'e, Result<Option<Self::Row>, Error>>
    where
        E: 'q + Execute<'q, Self>;

    /// [`Executor::prepare_with`](sqlx::Executor::prepare_with) of the connection.
    fn prepare_with<'e>(
        connection: &'e mut Self::Connection,
        text: SqlStr,
        parameters: &'e [Self::TypeInfo],
    ) -> BoxFuture<'e, Result<Self::Statement, Error>>;

    /// `Executor::describe` of the connection, which sqlx's macros use.
    fn describe(
        connection: &mut Self::Connection,
        text: SqlStr,
    ) -> BoxFuture<'_, Result<Describe<Self>, Error>>;
}

/// One item of what a query returns: the result of one of its statements, or a row.
pub type Step<DB> = Either<<DB as Database>::QueryResult, <DB as Database>::Row>;

/// The methods that forward to the connection's own executor, whose type is known here.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
macro_rules! hand_on {
    () => {
        fn fetch_many<'e, 'q: 'e, E>(
            connection: &'e mut Self::Connection,
            query: E,
        ) -> BoxStream<'e, Result<Step<Self>, Error>>
        where
            E: 'q + Execute<'q, Self>,
        {
            connection.fetch_many(query)
        }

        fn fetch_optional<'e, 'q: 'e, E>(
            connection: &'e mut Self::Connection,
            query: E,
        ) -> BoxFuture<'e, Result<Option<Self::Row>, Error>>
        where
            E: 'q + Execute<'q, Self>,
        {
            connection.fetch_optional(query)
        }

        fn prepare_with<'e>(
            connection: &'e mut Self::Connection,
            text: SqlStr,
            parameters: &'e [Self::TypeInfo],
        ) -> BoxFuture<'e, Result<Self::Statement, Error>> {
            connection.prepare_with(text, parameters)
        }

        fn describe(
            connection: &mut Self::Connection,
            text: SqlStr,
        ) -> BoxFuture<'_, Result<Describe<Self>, Error>> {
            connection.describe(text)
        }
    };
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub(crate) use hand_on;
