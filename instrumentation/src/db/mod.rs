//! How queries begin (semantic conventions 1.45.0, `docs/db`).

mod acquire;
mod client;
mod identity;
mod known;
mod label;
mod pool_metrics;
mod sql;

pub use self::acquire::Acquire;
pub use self::client::DbClientInstrumentation;
pub use self::pool_metrics::{PoolMetrics, PoolState, PoolUse, PoolWait};
pub use self::sql::SqlDialect;
