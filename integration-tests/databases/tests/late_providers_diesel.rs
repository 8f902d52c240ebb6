//! The global providers are set after the connection was made and used. This needs a process of its
//! own.

use integration_tests_databases::diesel::Diesel;
use integration_tests_databases::late_providers;

#[tokio::test]
async fn providers_that_come_late_are_found() {
    late_providers::<Diesel>().await;
}
