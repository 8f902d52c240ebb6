//! The contract that every database middleware fulfils.
//!
//! [`scenarios`] is one list: what a program does, how each call ends, and all the telemetry that
//! is expected. [`Each`] says where drivers differ. A [`Driver`] does what a scenario says, and
//! [`run`] compares. A file in `tests/` joins the two:
//!
//! ```
//! integration_tests_databases::database_contract!(integration_tests_databases::diesel::Diesel);
//! # fn main() {}
//! ```
//!
//! SQLite is part of `cargo test`. PostgreSQL needs a server, which `integration-tests/postgres`
//! starts.

// A test says by panicking what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod contract;
pub mod diesel;
mod driver;
mod each;
mod expected;
mod run;
mod scenario;
pub mod scenarios;
mod secrets;
pub mod sqlx;

pub use self::driver::Driver;
pub use self::each::Each;
pub use self::run::{late_providers, run};
pub use self::scenario::{
    End, Error, Fact, Query, Scenario, Span, Step, Surroundings, TransactionEnd,
};
pub use self::secrets::no_value_gets_anywhere;
