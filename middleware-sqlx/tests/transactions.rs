//! Transactions and savepoints, on SQLite.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use opentelemetry::trace::Status;
use otel_instrumentation::testing::Capture;
use otel_middleware_sqlx::{SqliteConnection, SqlitePool};

use self::support::{attribute, attributes, fill, measured, names, pair, pool};

async fn remove(connection: &mut SqliteConnection, sku: &str) {
    sqlx::query("DELETE FROM stock WHERE sku = $1")
        .bind(sku)
        .execute(connection)
        .await
        .unwrap();
}

async fn count(pool: &SqlitePool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM stock")
        .fetch_one(pool.inner())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_transaction_is_committed() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let mut transaction = pool.begin().await.unwrap();
    assert!(transaction.is_in_transaction());
    remove(&mut transaction, "A-1").await;
    sqlx::query("DELETE FROM stock WHERE sku = $1")
        .bind("A-2")
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::query("DELETE FROM stock WHERE sku = $1")
        .bind("A-3")
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();

    assert_eq!(count(&pool).await, 0);
    assert_eq!(
        names(&capture),
        [
            "BEGIN",
            "DELETE stock",
            "DELETE stock",
            "DELETE stock",
            "COMMIT"
        ]
    );
    assert_eq!(measured(&capture), 5);
    for (index, text) in [(0, "BEGIN"), (4, "COMMIT")] {
        let span = &capture.spans()[index];
        assert_eq!(span.status, Status::Unset);
        assert_eq!(
            attributes(span),
            [
                pair("db.query.summary", text),
                pair("db.query.text", text),
                pair("db.system.name", "sqlite"),
            ]
        );
    }
}

#[tokio::test]
async fn a_transaction_is_rolled_back() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    remove(&mut transaction, "A-1").await;
    transaction.rollback().await.unwrap();

    assert_eq!(count(&pool).await, 3);
    assert_eq!(names(&capture), ["BEGIN", "DELETE stock", "ROLLBACK"]);
    let text = attribute(&capture.spans()[0], "db.query.text");
    assert_eq!(text, Some("BEGIN IMMEDIATE".into()));
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_without_a_span() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let mut transaction = pool.begin().await.unwrap();
    remove(&mut transaction, "A-1").await;
    drop(transaction);

    assert_eq!(count(&pool).await, 3);
    assert_eq!(names(&capture), ["BEGIN", "DELETE stock"]);
}

#[tokio::test]
async fn a_beginning_that_is_refused_is_an_error() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    let mut connection = pool.acquire().await.unwrap();
    connection.begin_with("BEGIN 'canary'").await.unwrap_err();
    let [span] = <[_; 1]>::try_from(capture.spans()).unwrap();
    assert_eq!(span.name, "BEGIN");
    assert_eq!(attribute(&span, "error.type"), Some("1".into()));
    assert_eq!(attribute(&span, "db.query.text"), Some("BEGIN ?".into()));
}

#[tokio::test]
async fn what_is_tried_waits_for_no_connection() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    let held = pool.acquire().await.unwrap();
    assert!(pool.try_acquire().is_none());
    assert!(pool.try_begin().await.unwrap().is_none());
    assert!(
        pool.try_begin_with("BEGIN IMMEDIATE")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(names(&capture), [""; 0]);

    // A task returns it to its pool.
    drop(held);
    while pool.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
    let transaction = pool.try_begin().await.unwrap().unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(names(&capture), ["BEGIN", "COMMIT"]);
}

#[tokio::test]
async fn a_transaction_moves_into_a_task() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let mut transaction = pool.begin().await.unwrap();
    let task = tokio::spawn(async move {
        remove(&mut transaction, "A-1").await;
        transaction.commit().await.unwrap();
    });
    task.await.unwrap();
    assert_eq!(count(&pool).await, 2);
    assert_eq!(names(&capture), ["BEGIN", "DELETE stock", "COMMIT"]);
}
