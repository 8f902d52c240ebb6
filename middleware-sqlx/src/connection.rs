//! A connection whose queries are recorded.

use std::fmt;

use otel_instrumentation::DbClientInstrumentation;
use sqlx::Error;
use sqlx::pool::PoolConnection;
use sqlx_core::transaction::TransactionManager;

use crate::driver::Driver;
use crate::source::{Pooled, Source};

/// A connection of a [`Pool`](crate::Pool). It returns to the pool when it is dropped.
///
/// `&mut Connection` is an [`Executor`](sqlx::Executor). Use it as the parameter of functions that
/// run queries on one connection. They then work inside and outside a transaction, because a
/// [`Transaction`](crate::Transaction) dereferences to it.
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # mod example {
/// use otel_middleware_sqlx::{PgConnection, PgPool};
///
/// async fn reserve(connection: &mut PgConnection, sku: &str) -> sqlx::Result<()> {
///     sqlx::query("UPDATE stock SET reserved = reserved + 1 WHERE sku = $1")
///         .bind(sku)
///         .execute(connection)
///         .await?;
///     Ok(())
/// }
///
/// async fn example(pool: &PgPool) -> sqlx::Result<()> {
///     let mut connection = pool.acquire().await?;
///     reserve(&mut connection, "A-1").await?;
///     let mut transaction = pool.begin().await?;
///     reserve(&mut transaction, "A-2").await?;
///     transaction.commit().await
/// }
/// # }
/// ```
pub struct Connection<DB: Driver> {
    inner: Pooled<DB>,
    client: DbClientInstrumentation,
}

impl<DB: Driver> Connection<DB> {
    pub(crate) fn new(inner: Pooled<DB>, client: DbClientInstrumentation) -> Self {
        Self { inner, client }
    }

    /// The connection of sqlx, for functions that take no other type. Queries on it are not
    /// recorded.
    pub fn inner(&mut self) -> &mut DB::Connection {
        &mut self.inner.connection
    }

    /// Returns the connection of sqlx's pool. Queries on it are not recorded.
    #[must_use]
    pub fn into_inner(self) -> PoolConnection<DB> {
        self.inner.into_inner()
    }

    /// True if a transaction is open.
    #[must_use]
    pub fn is_in_transaction(&self) -> bool {
        self.transaction_depth() > 0
    }

    /// Closes the connection instead of returning it to the pool.
    ///
    /// # Errors
    ///
    /// Those of [`PoolConnection::close`].
    pub async fn close(self) -> Result<(), Error> {
        self.inner.into_inner().close().await
    }

    /// Closes the connection when it is dropped, instead of returning it to the pool.
    pub fn close_on_drop(&mut self) {
        self.inner.connection.close_on_drop();
    }

    pub(crate) fn client(&self) -> &DbClientInstrumentation {
        &self.client
    }

    /// The number of open transactions and savepoints.
    pub(crate) fn transaction_depth(&self) -> usize {
        DB::TransactionManager::get_transaction_depth(&self.inner.connection)
    }

    pub(crate) fn source(&mut self) -> Source<'_, DB> {
        Source::Connection {
            connection: &mut self.inner.connection,
            client: &self.client,
        }
    }
}

impl<DB: Driver> fmt::Debug for Connection<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}
