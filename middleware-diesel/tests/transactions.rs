//! Transactions and savepoints, on SQLite.

mod support;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use opentelemetry::trace::Status;
use otel_instrumentation::testing::Capture;

use self::support::stock::dsl::{sku, stock};
use self::support::{attributes, connection, measured, names, pair};

fn remove(connection: &mut SqliteConnection, which: &str) -> QueryResult<usize> {
    diesel::delete(stock.filter(sku.eq(which))).execute(connection)
}

#[test]
fn a_transaction_is_committed() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    connection
        .transaction(|connection| {
            remove(connection, "A-1")?;
            remove(connection, "A-2")
        })
        .unwrap();
    assert_eq!(
        names(&capture),
        ["BEGIN", "DELETE `stock`", "DELETE `stock`", "COMMIT"]
    );
    assert_eq!(measured(&capture), 4);
    for (index, word) in [(0, "BEGIN"), (3, "COMMIT")] {
        let span = &capture.spans()[index];
        assert_eq!(span.status, Status::Unset);
        assert_eq!(
            attributes(span),
            [
                pair("db.query.summary", word),
                pair("db.query.text", word),
                pair("db.system.name", "sqlite"),
            ]
        );
    }
}

#[test]
fn a_transaction_is_rolled_back() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    let result = connection.transaction(|connection| {
        remove(connection, "A-1")?;
        QueryResult::<()>::Err(Error::RollbackTransaction)
    });
    assert_eq!(result, Err(Error::RollbackTransaction));
    assert_eq!(names(&capture), ["BEGIN", "DELETE `stock`", "ROLLBACK"]);
    let spans = capture.spans();
    assert!(spans.iter().all(|span| span.status == Status::Unset));
    assert_eq!(measured(&capture), 3);
}

#[test]
fn transactions_are_nested() {
    let capture = Capture::new();
    let mut connection = connection(&capture);
    connection
        .transaction(|connection| {
            let inner = connection.transaction(|connection| {
                remove(connection, "A-1")?;
                QueryResult::<()>::Err(Error::RollbackTransaction)
            });
            assert_eq!(inner, Err(Error::RollbackTransaction));
            connection.transaction(|connection| remove(connection, "A-2"))
        })
        .unwrap();
    assert_eq!(
        names(&capture),
        [
            "BEGIN",
            "SAVEPOINT",
            "DELETE `stock`",
            "ROLLBACK",
            "SAVEPOINT",
            "DELETE `stock`",
            "RELEASE",
            "COMMIT"
        ]
    );
    assert_eq!(measured(&capture), 8);
}

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
