//! A transaction whose queries, beginning and end are recorded.

use std::fmt;
use std::ops::{Deref, DerefMut};

use otel_instrumentation::{DbOperation, Statement};
use sqlx::{Error, SqlSafeStr, SqlStr};
use sqlx_core::transaction::{
    TransactionManager, begin_ansi_transaction_sql, commit_ansi_transaction_sql,
    rollback_ansi_transaction_sql,
};

use crate::call::end;
use crate::connection::Connection;
use crate::context::Scope;
use crate::driver::Driver;
use crate::source::{Connections, Source};

/// A transaction, or a savepoint within one, like [`sqlx::Transaction`].
///
/// `BEGIN`, `COMMIT` and `ROLLBACK` have their own spans. If a transaction is dropped, the driver
/// rolls it back later, and no span shows this.
///
/// `&mut Transaction` is an [`Executor`](sqlx::Executor), and so is `&mut *transaction`: it
/// dereferences to a [`Connection`].
///
/// ```no_run
/// # #[cfg(feature = "sqlite")]
/// # async fn example(pool: otel_middleware_sqlx::SqlitePool) -> sqlx::Result<()> {
/// let mut transaction = pool.begin().await?;
/// sqlx::query("DELETE FROM reservation").execute(&mut *transaction).await?;
/// let mut savepoint = transaction.begin().await?;
/// sqlx::query("UPDATE stock SET reserved = 0").execute(&mut *savepoint).await?;
/// savepoint.rollback().await?;
/// transaction.commit().await
/// # }
/// ```
pub struct Transaction<'c, DB: Driver> {
    connection: Held<'c, DB>,
    is_open: bool,
}

impl<DB: Driver> Transaction<'_, DB> {
    /// Commits the transaction, or releases the savepoint.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Transaction::commit`].
    pub async fn commit(mut self) -> Result<(), Error> {
        let text = match self.transaction_depth() {
            0 => SqlStr::from_static("COMMIT"),
            depth => commit_ansi_transaction_sql(depth),
        };
        let operation = self.start(&text);
        let work = DB::TransactionManager::commit(self.inner());
        let result = Scope::of(&operation).run(work).await;
        self.is_open = result.is_err();
        end::<DB, _>(operation, result)
    }

    /// Rolls the transaction back, or back to the savepoint.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Transaction::rollback`].
    pub async fn rollback(mut self) -> Result<(), Error> {
        let text = match self.transaction_depth() {
            0 => SqlStr::from_static("ROLLBACK"),
            depth => rollback_ansi_transaction_sql(depth),
        };
        let operation = self.start(&text);
        let work = DB::TransactionManager::rollback(self.inner());
        let result = Scope::of(&operation).run(work).await;
        self.is_open = result.is_err();
        end::<DB, _>(operation, result)
    }

    pub(crate) fn source(&mut self) -> Source<'_, DB> {
        Connection::source(self)
    }

    fn start(&self, text: &SqlStr) -> DbOperation {
        self.client().start(&Statement::sql(text.as_str()))
    }
}

impl<DB: Driver> Connection<DB> {
    /// Begins a transaction, or a savepoint within one.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Connection::begin`].
    pub async fn begin(&mut self) -> Result<Transaction<'_, DB>, Error> {
        begin_on(self.into(), None).await
    }

    /// Begins a transaction with your own statement, such as `BEGIN IMMEDIATE`.
    ///
    /// # Errors
    ///
    /// Those of [`sqlx::Connection::begin_with`], which also fails within a transaction.
    pub async fn begin_with(
        &mut self,
        statement: impl SqlSafeStr,
    ) -> Result<Transaction<'_, DB>, Error> {
        begin_on(self.into(), Some(statement.into_sql_str())).await
    }
}

/// Waits for a connection of the pool and begins a transaction on it, in one span.
pub(crate) async fn begin<DB: Driver>(
    connections: &Connections<DB>,
    statement: Option<SqlStr>,
) -> Result<Transaction<'static, DB>, Error> {
    let text = statement.as_ref().map_or("BEGIN", SqlStr::as_str);
    let mut operation = connections.client.start(&Statement::sql(text));
    let scope = Scope::of(&operation);
    let work = async {
        let connection = connections.acquire(&mut operation).await?;
        let connection = Connection::new(connection, connections.client.clone());
        begun(connection.into(), statement).await
    };
    let result = scope.run(work).await;
    end::<DB, _>(operation, result)
}

/// Begins a transaction or a savepoint.
pub(crate) async fn begin_on<DB: Driver>(
    connection: Held<'_, DB>,
    statement: Option<SqlStr>,
) -> Result<Transaction<'_, DB>, Error> {
    let usual = begin_ansi_transaction_sql(connection.transaction_depth());
    let text = statement.as_ref().unwrap_or(&usual).as_str();
    let operation = connection.client().start(&Statement::sql(text));
    let work = begun(connection, statement);
    let result = Scope::of(&operation).run(work).await;
    end::<DB, _>(operation, result)
}

async fn begun<DB: Driver>(
    connection: Held<'_, DB>,
    statement: Option<SqlStr>,
) -> Result<Transaction<'_, DB>, Error> {
    // Counts as open before `BEGIN` has completed: if it is dropped half-way, the transaction may
    // have begun.
    let mut transaction = Transaction {
        connection,
        is_open: true,
    };
    DB::TransactionManager::begin(transaction.inner(), statement).await?;
    Ok(transaction)
}

/// A transaction owns its connection; a savepoint borrows that of the transaction.
pub(crate) enum Held<'c, DB: Driver> {
    Owned(Connection<DB>),
    Borrowed(&'c mut Connection<DB>),
}

impl<DB: Driver> From<Connection<DB>> for Held<'_, DB> {
    fn from(connection: Connection<DB>) -> Self {
        Self::Owned(connection)
    }
}

impl<'c, DB: Driver> From<&'c mut Connection<DB>> for Held<'c, DB> {
    fn from(connection: &'c mut Connection<DB>) -> Self {
        Self::Borrowed(connection)
    }
}

impl<DB: Driver> Deref for Held<'_, DB> {
    type Target = Connection<DB>;

    fn deref(&self) -> &Connection<DB> {
        match self {
            Self::Owned(connection) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}

impl<DB: Driver> DerefMut for Held<'_, DB> {
    fn deref_mut(&mut self) -> &mut Connection<DB> {
        match self {
            Self::Owned(connection) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}

impl<DB: Driver> Deref for Transaction<'_, DB> {
    type Target = Connection<DB>;

    fn deref(&self) -> &Connection<DB> {
        &self.connection
    }
}

impl<DB: Driver> DerefMut for Transaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut Connection<DB> {
        &mut self.connection
    }
}

impl<DB: Driver> Drop for Transaction<'_, DB> {
    fn drop(&mut self) {
        if self.is_open {
            DB::TransactionManager::start_rollback(self.connection.inner());
        }
    }
}

impl<DB: Driver> fmt::Debug for Transaction<'_, DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transaction")
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}
