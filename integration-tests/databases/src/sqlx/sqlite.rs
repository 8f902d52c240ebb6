//! SQLite, in memory.

use sqlx::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;

use super::{Database, queries};
use crate::each::Each;
use crate::scenario::Fact;

impl Database for Sqlite {
    const TEMPORARY: &'static str = "";

    fn of<T: Copy>(each: &Each<T>) -> T {
        each.sqlx_sqlite
    }

    fn facts() -> Vec<Fact> {
        vec![Fact::Text("db.system.name", "sqlite")]
    }

    fn options() -> SqliteConnectOptions {
        "sqlite::memory:".parse().unwrap()
    }

    fn unreachable() -> SqliteConnectOptions {
        "sqlite://no-such-folder/stock.db".parse().unwrap()
    }

    queries!();
}
