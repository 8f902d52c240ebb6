//! Queries of diesel-async, on SQLite.

mod support;

use std::sync::mpsc::channel;

use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, SqliteConnection, sql_query};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use diesel_async::{AsyncConnection, RunQueryDsl};
use futures_util::poll;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, SpanId, Status};
use otel_instrumentation::testing::Capture;
use otel_middleware_diesel::TokioWithContext;

use self::support::stock::dsl::{name, sku, stock};
use self::support::{attributes, connection, measured, names, only, pair, request};

/// A query that takes its time.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n";

type Wrapped = SyncConnectionWrapper<SqliteConnection, TokioWithContext>;

fn wrapped(capture: &Capture) -> Wrapped {
    Wrapped::new(connection(capture))
}

fn parents(capture: &Capture) -> Vec<SpanId> {
    let spans = capture.spans().into_iter();
    spans.map(|span| span.parent_span_id).collect()
}

#[tokio::test]
async fn a_query_of_the_wrapper_is_one_span_and_one_point_below_its_caller() {
    let capture = Capture::new();
    let mut connection = wrapped(&capture);
    let (context, id) = request();
    let found = async {
        let query = stock.filter(sku.eq("A-1")).select(name);
        query.first::<String>(&mut connection).await
    };
    assert_eq!(found.with_context(context).await.unwrap(), "nut");

    let (span, labels) = only(&capture);
    assert_eq!(span.parent_span_id, id);
    assert_eq!(
        attributes(&span),
        [
            pair("db.query.summary", "SELECT `stock`"),
            pair(
                "db.query.text",
                "SELECT `stock`.`name` FROM `stock` WHERE (`stock`.`sku` = ?) LIMIT ?"
            ),
            pair("db.system.name", "sqlite"),
        ]
    );
    assert_eq!(labels.len(), 2);
}

#[tokio::test]
async fn without_our_spawn_blocking_a_query_has_no_parent() {
    let capture = Capture::new();
    let mut connection = SyncConnectionWrapper::<SqliteConnection>::new(connection(&capture));
    let (context, _) = request();
    let found = async {
        let query = stock.filter(sku.eq("A-1")).select(name);
        query.first::<String>(&mut connection).await
    };
    assert_eq!(found.with_context(context).await.unwrap(), "nut");
    let (span, _) = only(&capture);
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert_eq!(attributes(&span).len(), 3);
}

#[tokio::test]
async fn a_transaction_of_the_wrapper_is_below_its_caller() {
    let capture = Capture::new();
    let mut connection = wrapped(&capture);
    let (context, id) = request();
    let transaction = connection.transaction(async |connection| {
        let removed = diesel::delete(stock.filter(sku.eq("A-1")));
        removed.execute(connection).await?;
        QueryResult::<()>::Err(Error::RollbackTransaction)
    });
    let result = transaction.with_context(context).await;
    assert_eq!(result, Err(Error::RollbackTransaction));
    assert_eq!(names(&capture), ["BEGIN", "DELETE `stock`", "ROLLBACK"]);
    assert_eq!(parents(&capture), [id; 3]);
}

#[tokio::test]
async fn a_failure_of_the_wrapper_has_its_kind() {
    let capture = Capture::new();
    let mut connection = wrapped(&capture);
    let doubled = sql_query("INSERT INTO stock (sku) VALUES ('A-1')");
    doubled.execute(&mut connection).await.unwrap_err();
    let (span, _) = only(&capture);
    assert!(attributes(&span).contains(&pair("error.type", "unique_violation")));
}

#[tokio::test]
async fn what_the_caller_suppresses_is_suppressed_on_the_other_thread() {
    let capture = Capture::new();
    let mut connection = wrapped(&capture);
    let query = async { stock.count().get_result::<i64>(&mut connection).await };
    let suppressed = Context::new().with_telemetry_suppressed();
    query.with_context(suppressed).await.unwrap();
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(measured(&capture), 0);
}

async fn drop_a_future() {
    let capture = Capture::new();
    let mut connection = wrapped(&capture);
    let (release, released) = channel::<()>();
    let mut query = connection.spawn_blocking(move |connection| {
        // It returns an error, as nothing is sent.
        let _ = released.recv();
        diesel::RunQueryDsl::execute(sql_query(SLOW), connection)
    });
    assert!(poll!(query.as_mut()).is_pending());
    drop(release);
    drop(query);
    // The query was not stopped, but has ended.
    assert_eq!(only(&capture).0.status, Status::Unset);

    // Therefore the connection can be used for the next one.
    let transaction = connection
        .transaction(async |connection| stock.count().get_result::<i64>(connection).await);
    assert_eq!(transaction.await, Ok(3));
    assert_eq!(measured(&capture), 4);
}

#[tokio::test]
async fn a_future_that_is_dropped_waits_for_its_query_on_a_runtime_of_one_thread() {
    drop_a_future().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_that_is_dropped_waits_for_its_query_on_a_runtime_of_several_threads() {
    tokio::spawn(drop_a_future()).await.unwrap();
}

#[test]
fn without_a_runtime_a_query_fails() {
    let capture = Capture::new();
    let mut connection = wrapped(&capture);
    let query = stock.count().get_result::<i64>(&mut connection);
    let error = futures_executor::block_on(query).unwrap_err();
    assert!(matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _)
    ));
    assert_eq!(capture.spans().len(), 0);
}

#[tokio::test]
async fn work_that_panics_is_an_error_of_its_caller() {
    let mut work = TokioWithContext::get_runtime();
    let result = work.spawn_blocking(|| panic!("on purpose")).await;
    assert!(result.map(|()| "no panic").is_err());
}
