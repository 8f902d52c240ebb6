//! MySQL and MariaDB.

use std::borrow::Cow;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use otel_instrumentation::DatabaseConfig;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError};
use sqlx::{Describe, Error, Execute, Executor, MySql, SqlStr};

use crate::connection::Connection;
use crate::driver::{Driver, Step, hand_on};
use crate::pool::Pool;
use crate::transaction::Transaction;

/// A [`Pool`] of MySQL or MariaDB.
pub type MySqlPool = Pool<MySql>;

/// A [`Connection`] to MySQL or MariaDB.
pub type MySqlConnection = Connection<MySql>;

/// A [`Transaction`] of MySQL or MariaDB.
pub type MySqlTransaction<'c> = Transaction<'c, MySql>;

impl Driver for MySql {
    /// The options do not show whether the server is MariaDB.
    fn identity(options: &MySqlConnectOptions) -> DatabaseConfig {
        let mut config = DatabaseConfig::new().system("mysql");
        if let Some(database) = options.get_database() {
            config = config.namespace(database.to_owned());
        }
        match options.get_socket() {
            Some(socket) => config.server(socket.to_string_lossy().into_owned(), None),
            None => config.server(options.get_host().to_owned(), options.get_port()),
        }
    }

    /// The number of the error, because many numbers share one SQLSTATE.
    fn error_code(error: &dyn DatabaseError) -> Option<Cow<'_, str>> {
        match error.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) => Some(Cow::Owned(error.number().to_string())),
            None => error.code(),
        }
    }

    hand_on!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_has_no_password() {
        let options = MySqlConnectOptions::new()
            .host("db.internal")
            .port(3307)
            .username("ada")
            .password("canary");
        let cases = [
            (
                options.clone(),
                ["namespace: None", "(\"db.internal\", Some(3307))"],
            ),
            (
                options.clone().database("shop").socket("/run/mysqld.sock"),
                ["namespace: Some(\"shop\")", "(\"/run/mysqld.sock\", None)"],
            ),
        ];
        for (options, expected) in cases {
            let identity = format!("{:?}", MySql::identity(&options));
            for part in expected {
                assert!(identity.contains(part), "{part}: {identity}");
            }
            assert!(!identity.contains("canary"), "{identity}");
        }
    }
}
