//! SQLite, in memory.

use std::sync::mpsc::{Sender, channel};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Sqlite, SqliteConnection};

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

    async fn hold(connection: &mut SqliteConnection) -> Option<Sender<()>> {
        let (sender, receiver) = channel();
        let mut handle = connection.lock_handle().await.unwrap();
        handle.set_progress_handler(1, move || {
            // It returns an error, as nothing is sent.
            let _ = receiver.recv();
            true
        });
        Some(sender)
    }

    queries!();
}
