//! sqlx on PostgreSQL fulfils the contract of databases. `integration-tests/postgres` runs this.

use integration_tests_databases::sqlx::Sqlx;

integration_tests_databases::database_contract!(Sqlx<sqlx::Postgres>);
