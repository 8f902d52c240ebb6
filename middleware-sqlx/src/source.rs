//! The source of a call's connection.

use std::ops::{Deref, DerefMut};

use otel_instrumentation::{
    Acquire, DbClientInstrumentation, DbOperation, PoolMetrics, PoolState, PoolUse,
};
use sqlx::Error;
use sqlx::pool::PoolConnection;

use crate::driver::Driver;
use crate::error;

/// A pool, with the instrumentation that records its use.
pub(crate) struct Connections<DB: Driver> {
    pub(crate) pool: sqlx::Pool<DB>,
    pub(crate) client: DbClientInstrumentation,
    pub(crate) metrics: PoolMetrics,
}

/// A connection of a pool, in use until it is dropped.
pub(crate) struct Pooled<DB: Driver> {
    pub(crate) connection: PoolConnection<DB>,
    in_use: PoolUse,
}

/// Either a pool that lends a connection, or a connection.
pub(crate) enum Source<'e, DB: Driver> {
    Pool(Connections<DB>),
    Connection {
        connection: &'e mut DB::Connection,
        client: &'e DbClientInstrumentation,
    },
}

impl<'e, DB: Driver> Source<'e, DB> {
    pub(crate) fn client(&self) -> &DbClientInstrumentation {
        match self {
            Self::Pool(connections) => &connections.client,
            Self::Connection { client, .. } => client,
        }
    }

    /// The connection, once there is one. A failure is recorded.
    pub(crate) async fn connection(
        self,
        operation: &mut DbOperation,
    ) -> Result<Lease<'e, DB>, Error> {
        match self {
            Self::Pool(connections) => connections.acquire(operation).await.map(Lease::Pooled),
            Self::Connection { connection, .. } => Ok(Lease::Borrowed(connection)),
        }
    }
}

impl<DB: Driver> Connections<DB> {
    pub(crate) fn new(pool: sqlx::Pool<DB>, client: DbClientInstrumentation) -> Self {
        let looked_at = pool.clone();
        let metrics = client.pool(move || state(&looked_at));
        Self {
            pool,
            client,
            metrics,
        }
    }

    /// Waits for a connection within the operation, which records a long wait and a failure.
    pub(crate) async fn acquire(&self, operation: &mut DbOperation) -> Result<Pooled<DB>, Error> {
        let result = self.wait(self.client.acquire(Some(operation))).await;
        if let Err(error) = &result {
            error::record_acquire::<DB>(operation, error);
        }
        result
    }

    /// Waits for a connection, and records how the wait ended.
    pub(crate) async fn wait(&self, wait: Acquire) -> Result<Pooled<DB>, Error> {
        let measured = self.metrics.wait();
        match self.pool.acquire().await {
            Ok(connection) => {
                wait.finish();
                Ok(Pooled {
                    connection,
                    in_use: measured.finish(),
                })
            }
            Err(error) => {
                if let Some(class) = error::acquire_class(&error) {
                    wait.fail(class);
                }
                if let Error::PoolTimedOut = error {
                    measured.time_out();
                }
                Err(error)
            }
        }
    }

    /// A connection, if there is an idle one.
    pub(crate) fn try_acquire(&self) -> Option<Pooled<DB>> {
        let connection = self.pool.try_acquire()?;
        Some(Pooled {
            connection,
            in_use: self.metrics.lend(),
        })
    }
}

impl<DB: Driver> Pooled<DB> {
    /// The connection of sqlx, which is no longer measured.
    pub(crate) fn into_inner(self) -> PoolConnection<DB> {
        drop(self.in_use);
        self.connection
    }
}

impl<DB: Driver> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            client: self.client.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

fn state<DB: Driver>(pool: &sqlx::Pool<DB>) -> PoolState {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    PoolState {
        idle,
        used: pool.size().saturating_sub(idle),
        idle_min: Some(pool.options().get_min_connections()),
        limit: Some(pool.options().get_max_connections()),
    }
}

/// A connection for the duration of one call.
pub(crate) enum Lease<'e, DB: Driver> {
    Pooled(Pooled<DB>),
    Borrowed(&'e mut DB::Connection),
}

impl<DB: Driver> Deref for Lease<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self {
            Self::Pooled(pooled) => &pooled.connection,
            Self::Borrowed(connection) => connection,
        }
    }
}

impl<DB: Driver> DerefMut for Lease<'_, DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pooled(pooled) => &mut pooled.connection,
            Self::Borrowed(connection) => connection,
        }
    }
}
