//! PostgreSQL.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use otel_instrumentation::DatabaseConfig;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Describe, Error, Execute, Executor, Postgres, SqlStr};

use crate::connection::Connection;
use crate::driver::{Driver, Step, hand_on};
use crate::pool::Pool;
use crate::transaction::Transaction;

/// A [`Pool`] of PostgreSQL.
pub type PgPool = Pool<Postgres>;

/// A [`Connection`] to PostgreSQL.
pub type PgConnection = Connection<Postgres>;

/// A [`Transaction`] of PostgreSQL.
pub type PgTransaction<'c> = Transaction<'c, Postgres>;

impl Driver for Postgres {
    fn identity(options: &PgConnectOptions) -> DatabaseConfig {
        // The server's own default is the user's name.
        let namespace = options.get_database().unwrap_or(options.get_username());
        let config = DatabaseConfig::new()
            .system("postgresql")
            .namespace(namespace.to_owned());
        let port = options.get_port();
        let host = options.get_host();
        match options.get_socket().map(|folder| folder.to_string_lossy()) {
            Some(folder) => config.server(format!("{folder}/.s.PGSQL.{port}"), None),
            None if host.starts_with('/') => config.server(format!("{host}/.s.PGSQL.{port}"), None),
            None => config.server(host.to_owned(), port),
        }
    }

    hand_on!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_has_no_password() {
        let cases = [
            (
                PgConnectOptions::new_without_pgpass()
                    .host("db.internal")
                    .port(6432)
                    .username("ada")
                    .password("canary")
                    .database("shop"),
                ["\"shop\"", "(\"db.internal\", Some(6432))"],
            ),
            (
                PgConnectOptions::new_without_pgpass()
                    .socket("/run/postgresql")
                    .port(5432)
                    .username("ada")
                    .password("canary"),
                ["\"ada\"", "(\"/run/postgresql/.s.PGSQL.5432\", None)"],
            ),
            (
                PgConnectOptions::new_without_pgpass()
                    .host("/tmp")
                    .port(5433)
                    .username("ada")
                    .database("shop"),
                ["\"shop\"", "(\"/tmp/.s.PGSQL.5433\", None)"],
            ),
        ];
        for (options, expected) in cases {
            let identity = format!("{:?}", Postgres::identity(&options));
            assert!(identity.contains("postgresql"));
            for part in expected {
                assert!(identity.contains(part), "{part}: {identity}");
            }
            assert!(!identity.contains("canary"), "{identity}");
        }
    }
}
