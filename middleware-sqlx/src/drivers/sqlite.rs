//! SQLite.

use std::path::Path;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use otel_instrumentation::DatabaseConfig;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Describe, Error, Execute, Executor, SqlStr, Sqlite};

use crate::connection::Connection;
use crate::driver::{Driver, Step, hand_on};
use crate::pool::Pool;
use crate::transaction::Transaction;

/// A [`Pool`] of SQLite.
pub type SqlitePool = Pool<Sqlite>;

/// A [`Connection`] to SQLite.
pub type SqliteConnection = Connection<Sqlite>;

/// A [`Transaction`] of SQLite.
pub type SqliteTransaction<'c> = Transaction<'c, Sqlite>;

impl Driver for Sqlite {
    fn identity(options: &SqliteConnectOptions) -> DatabaseConfig {
        let config = DatabaseConfig::new().system("sqlite");
        match namespace(options.get_filename()) {
            Some(namespace) => config.namespace(namespace),
            None => config,
        }
    }

    hand_on!();
}

/// The file's name without its folder, because the folder says more about the machine than about
/// the database. A database in memory has no name, but sqlx makes one up for some.
fn namespace(file: &Path) -> Option<String> {
    let name = file.to_string_lossy();
    let name = name.strip_prefix("file:").unwrap_or(&name);
    let (path, parameters) = name.split_once('?').unwrap_or((name, ""));
    let is_in_memory = path.is_empty()
        || path == ":memory:"
        || path.starts_with("sqlx-in-memory-")
        || parameters.split('&').any(|it| it == "mode=memory");
    if is_in_memory {
        return None;
    }
    let name = Path::new(path).file_name()?;
    Some(name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_the_name_of_the_file() {
        let cases = [
            ("sqlite://stock.db", Some("stock.db")),
            ("sqlite:///var/lib/shop/stock.db", Some("stock.db")),
            ("sqlite:data/stock.db?mode=ro", Some("stock.db")),
            ("sqlite::memory:", None),
            ("sqlite:", None),
        ];
        for (url, expected) in cases {
            let options: SqliteConnectOptions = url.parse().unwrap();
            let found = namespace(options.get_filename());
            assert_eq!(found.as_deref(), expected, "{url}");
        }
        let names = [
            (":memory:", None),
            ("", None),
            ("file:stock.db?mode=ro", Some("stock.db")),
            ("file:shared?mode=memory&cache=shared", None),
        ];
        for (name, expected) in names {
            assert_eq!(namespace(Path::new(name)).as_deref(), expected, "{name}");
        }
    }
}
