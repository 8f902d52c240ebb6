//! Where the connection of a call comes from.

use std::ops::{Deref, DerefMut};

use otel_instrumentation::{Acquire, DbClientInstrumentation, DbOperation};
use sqlx::Error;
use sqlx::pool::PoolConnection;

use crate::driver::Driver;
use crate::error;

/// A pool that has to be asked for a connection, or a connection.
pub(crate) enum Source<'e, DB: Driver> {
    Pool {
        pool: sqlx::Pool<DB>,
        client: DbClientInstrumentation,
    },
    Connection {
        connection: &'e mut DB::Connection,
        client: &'e DbClientInstrumentation,
    },
}

impl<'e, DB: Driver> Source<'e, DB> {
    pub(crate) fn client(&self) -> &DbClientInstrumentation {
        match self {
            Self::Pool { client, .. } => client,
            Self::Connection { client, .. } => client,
        }
    }

    /// The connection, once there is one. A failure is recorded.
    pub(crate) async fn connection(
        self,
        operation: &mut DbOperation,
    ) -> Result<Lease<'e, DB>, Error> {
        match self {
            Self::Pool { pool, client } => {
                let connection = acquire(&pool, &client, operation).await?;
                Ok(Lease::Pooled(connection))
            }
            Self::Connection { connection, .. } => Ok(Lease::Borrowed(connection)),
        }
    }
}

/// Waits for a connection within the operation, where a long wait and a failure are recorded.
pub(crate) async fn acquire<DB: Driver>(
    pool: &sqlx::Pool<DB>,
    client: &DbClientInstrumentation,
    operation: &mut DbOperation,
) -> Result<PoolConnection<DB>, Error> {
    let result = wait(pool, client.acquire(Some(operation))).await;
    if let Err(error) = &result {
        error::record_acquire::<DB>(operation, error);
    }
    result
}

/// Waits for a connection, and says how the wait ended.
pub(crate) async fn wait<DB: Driver>(
    pool: &sqlx::Pool<DB>,
    wait: Acquire,
) -> Result<PoolConnection<DB>, Error> {
    let result = pool.acquire().await;
    match &result {
        Ok(_) => wait.finish(),
        Err(error) => {
            if let Some(class) = error::acquire_class(error) {
                wait.fail(class);
            }
        }
    }
    result
}

/// A connection for the time of one call.
pub(crate) enum Lease<'e, DB: Driver> {
    Pooled(PoolConnection<DB>),
    Borrowed(&'e mut DB::Connection),
}

impl<DB: Driver> Deref for Lease<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}

impl<DB: Driver> DerefMut for Lease<'_, DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}
