//! The interface between a scenario and a database crate.

use otel_instrumentation::DatabaseConfig;

use crate::each::Each;
use crate::scenario::{End, Fact, Step};

/// A crate with a middleware, and a database to run it against.
pub trait Driver: Sized + Send + 'static {
    /// `otel.scope.name`.
    const SCOPE: &'static str;

    /// Its column.
    fn of<T: Copy>(each: &Each<T>) -> T;

    /// The attributes of the database that every span has.
    fn database() -> Vec<Fact>;

    /// A database of the scenario's own, with a table `stock (sku, name, quantity)` of three rows:
    /// `sku` is its primary key, and a unique index is on `name`. None of that is recorded.
    fn open(config: DatabaseConfig) -> impl Future<Output = Self> + Send;

    /// The `Debug` output of every type of the middleware that a program may print.
    fn printed(&self) -> Vec<String>;

    /// Makes one call.
    fn step(&mut self, step: &'static Step) -> impl Future<Output = End>;
}

/// The columns of the table.
pub(crate) const CREATE: &str = "stock (sku TEXT PRIMARY KEY, name TEXT UNIQUE, quantity INTEGER)";

/// Its rows.
pub(crate) const FILL: &str =
    "INSERT INTO stock VALUES ('A-1', 'nut', 3), ('A-2', 'bolt', 5), ('A-3', 'pin', 7)";
