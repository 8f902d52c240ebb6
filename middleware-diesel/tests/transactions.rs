//! Transactions and savepoints, on SQLite.

mod support;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use opentelemetry::trace::Status;
use otel_instrumentation::testing::Capture;

use self::support::{connection, names};

#[test]
fn a_failure_within_a_transaction_is_of_its_query_alone() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    connection
        .transaction(|connection| {
            connection.batch_execute("INSERT INTO stock (sku) VALUES ('A-1')")
        })
        .unwrap_err();
    assert_eq!(names(&capture), ["BEGIN", "INSERT stock", "ROLLBACK"]);
    let statuses = capture.spans().into_iter().map(|span| span.status);
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        [Status::Unset, Status::error(""), Status::Unset]
    );
}
