//! A pool whose queries are recorded.

use std::fmt;

use otel_instrumentation::{DatabaseConfig, DbClientInstrumentation, instrumentation_scope};
use sqlx::{Error, SqlSafeStr};

use crate::connection::Connection;
use crate::driver::Driver;
use crate::source::{Connections, Source};
use crate::transaction::{Transaction, begin, begin_on};

/// A pool of sqlx that records every query as a span and a measurement of
/// `db.client.operation.duration`.
///
/// Like sqlx's own pool, it is cheap to clone, and a reference to it is an
/// [`Executor`](sqlx::Executor). It does not return connections of sqlx, because their queries
/// would not be recorded. If you need one, use [`inner`](Self::inner).
///
/// ```no_run
/// # #[cfg(feature = "sqlite")]
/// # async fn example() -> sqlx::Result<()> {
/// use otel_middleware_sqlx::SqlitePool;
///
/// let pool = SqlitePool::from(sqlx::SqlitePool::connect("sqlite://stock.db").await?);
/// let left: i64 = sqlx::query_scalar("SELECT quantity FROM stock WHERE sku = $1")
///     .bind("A-1")
///     .fetch_one(&pool)
///     .await?;
/// # let _ = left;
/// # Ok(())
/// # }
/// ```
pub struct Pool<DB: Driver>(Connections<DB>);

impl<DB: Driver> Pool<DB> {
    /// Wraps a pool, with this configuration. Settings of the database that the configuration
    /// leaves out are taken from the pool's options.
    #[must_use]
    pub fn with_config(inner: sqlx::Pool<DB>, config: DatabaseConfig) -> Self {
        let config = config.or(DB::identity(&inner.connect_options()));
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let client = DbClientInstrumentation::new(scope, config);
        Self(Connections::new(inner, client))
    }

    /// The pool of sqlx, for code that cannot use this one, such as migrations. Queries on it are
    /// not recorded.
    #[must_use]
    pub fn inner(&self) -> &sqlx::Pool<DB> {
        &self.0.pool
    }

    /// Waits for a connection.
    ///
    /// This is not a query and is not measured as one. If the wait is longer than the
    /// [threshold](DatabaseConfig::acquire_threshold), there is a span `acquire`.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Pool::acquire`].
    pub fn acquire(&self) -> impl Future<Output = Result<Connection<DB>, Error>> + Send + 'static {
        let connections = self.0.clone();
        async move {
            let acquire = connections.client.acquire(None);
            let connection = connections.wait(acquire).await?;
            Ok(Connection::new(connection, connections.client))
        }
    }

    /// Returns a connection if there is an idle one.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Connection<DB>> {
        let connection = self.0.try_acquire()?;
        Some(Connection::new(connection, self.0.client.clone()))
    }

    /// Begins a transaction on a connection of the pool. The span of `BEGIN` includes the wait for
    /// the connection.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Pool::begin`].
    pub async fn begin(&self) -> Result<Transaction<'static, DB>, Error> {
        begin(&self.0, None).await
    }

    /// The same as [`begin`](Self::begin), with your own statement, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Pool::begin_with`].
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<Transaction<'static, DB>, Error> {
        let statement = statement.into_sql_str();
        begin(&self.0, Some(statement)).await
    }

    /// The same as [`begin`](Self::begin), but returns `None` if there is no idle connection.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Pool::try_begin`].
    pub async fn try_begin(&self) -> Result<Option<Transaction<'static, DB>>, Error> {
        match self.try_acquire() {
            Some(connection) => begin_on(connection.into(), None).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same as [`begin_with`](Self::begin_with), but returns `None` if there is no idle
    /// connection.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Pool::try_begin_with`].
    pub async fn try_begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> Result<Option<Transaction<'static, DB>>, Error> {
        let statement = statement.into_sql_str();
        match self.try_acquire() {
            Some(connection) => {
                let begun = begin_on(connection.into(), Some(statement)).await;
                begun.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Closes the pool and waits until its connections have been returned, as [`sqlx::Pool::close`]
    /// does.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// True if the pool has been closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.pool.is_closed()
    }

    /// The number of connections, including idle ones.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.0.pool.size()
    }

    /// The number of idle connections.
    #[must_use]
    pub fn num_idle(&self) -> usize {
        self.0.pool.num_idle()
    }
}

impl<DB: Driver> Pool<DB> {
    /// A source for futures and streams, which outlive the reference to the pool, as in sqlx.
    pub(crate) fn source<'e>(&self) -> Source<'e, DB> {
        Source::Pool(self.0.clone())
    }
}

impl<DB: Driver> From<sqlx::Pool<DB>> for Pool<DB> {
    /// Wraps a pool with the default configuration and the global providers.
    fn from(inner: sqlx::Pool<DB>) -> Self {
        Self::with_config(inner, DatabaseConfig::new())
    }
}

impl<DB: Driver> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<DB: Driver> fmt::Debug for Pool<DB> {
    /// Leaves out the options, which contain the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pool")
            .field("size", &self.size())
            .field("num_idle", &self.num_idle())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
