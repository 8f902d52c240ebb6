//! sqlx on SQLite fulfils the contract of databases.

use integration_tests_databases::sqlx::Sqlx;

integration_tests_databases::database_contract!(Sqlx<sqlx::Sqlite>);
