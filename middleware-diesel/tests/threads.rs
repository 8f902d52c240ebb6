//! Queries of synchronous connections that asynchronous code runs on another thread.

mod support;

use deadpool_diesel::sqlite::{Manager, Pool, Runtime};
use diesel::prelude::*;
use otel_instrumentation::testing::Capture;
use otel_middleware_diesel::DatabaseConfig;

use self::support::stock::dsl::stock;
use self::support::{instrumentation, only, open, request};

#[tokio::test]
async fn a_connection_of_deadpool_takes_the_context_along_by_hand() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().providers(capture.providers());
    let manager = Manager::new(":memory:", Runtime::Tokio1);
    let pool = Pool::builder(manager).max_size(1).build().unwrap();
    let pooled = pool.get().await.unwrap();
    pooled
        .interact(move |connection| {
            *connection = open();
            connection.set_instrumentation(instrumentation(config));
        })
        .await
        .unwrap();

    let (context, id) = request();
    let count = pooled.interact(move |connection| {
        let _attached = context.attach();
        stock.count().get_result::<i64>(connection)
    });
    assert_eq!(count.await.unwrap(), Ok(3));
    assert_eq!(only(&capture).0.parent_span_id, id);
}
