#![doc = include_str!("../README.md")]

mod call;
mod connection;
mod context;
mod driver;
mod drivers;
mod error;
mod executor;
mod generator;
mod pool;
mod query;
mod source;
mod transaction;

pub use crate::connection::Connection;
pub use crate::driver::{Driver, Step};
#[cfg(feature = "mysql")]
pub use crate::drivers::mysql::{MySqlConnection, MySqlPool, MySqlTransaction};
#[cfg(feature = "postgres")]
pub use crate::drivers::postgres::{PgConnection, PgPool, PgTransaction};
#[cfg(feature = "sqlite")]
pub use crate::drivers::sqlite::{SqliteConnection, SqlitePool, SqliteTransaction};
pub use crate::pool::Pool;
pub use crate::transaction::Transaction;
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::{
    Attributes, DatabaseConfig, Providers, Sanitising, Statement, opentelemetry,
};
