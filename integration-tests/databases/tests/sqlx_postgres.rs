//! sqlx on PostgreSQL fulfils the contract of databases. Run by `integration-tests/postgres`.

use integration_tests_databases::sqlx::Sqlx;

integration_tests_databases::database_contract!(Sqlx<sqlx::Postgres>);
