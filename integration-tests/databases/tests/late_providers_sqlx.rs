//! The global providers are set after the pool was made and used. This needs a process of its own.

use integration_tests_databases::late_providers;
use integration_tests_databases::sqlx::Sqlx;

#[tokio::test]
async fn providers_that_come_late_are_found() {
    late_providers::<Sqlx<sqlx::Sqlite>>().await;
}
