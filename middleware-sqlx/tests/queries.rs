//! What only this crate has of queries and their ends, on SQLite. The rest is in the contract of
//! databases, in `integration-tests/databases`.

mod support;

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, poll};
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, Status, TraceContextExt, Tracer, TracerProvider};
use otel_instrumentation::testing::Capture;
use otel_middleware_sqlx::DatabaseConfig;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, QueryBuilder, Row, SqlSafeStr, Sqlite, Statement};

use self::support::{
    attribute, attributes, config, fill, measured, names, only, pair, pool, pool_with,
};

const INSERT: &str = "INSERT INTO stock (sku, name, left) VALUES ($1, $2, 3)";
const SELECT: &str = "SELECT name FROM stock WHERE sku = $1";

#[tokio::test]
async fn the_parent_is_what_is_current_at_the_first_poll() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    let tracer = capture.tracer_provider().tracer("test");
    let query = sqlx::query(SELECT).bind("A-1").fetch_all(&pool);
    let parent = tracer.start("handler");
    let parent = Context::current_with_span(parent);
    let id = parent.span().span_context().span_id();
    query.with_context(parent).await.unwrap();
    assert_eq!(capture.spans()[0].parent_span_id, id);
}

#[tokio::test]
async fn what_is_never_polled_has_no_span() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    drop(sqlx::query(SELECT).bind("A-1").fetch_all(&pool));
    drop(sqlx::query(SELECT).bind("A-1").fetch(&pool));
    drop(pool.begin());
    assert_eq!(capture.spans().len(), 0);
    assert_eq!(measured(&capture), 0);
}

#[tokio::test]
async fn a_wait_that_ends_well_is_within_the_query() {
    let capture = Capture::new();
    let config = DatabaseConfig::new().acquire_threshold(Duration::ZERO);
    let pool = pool_with(&capture, config).await;
    let held = pool.inner().acquire().await.unwrap();
    let mut begin = std::pin::pin!(pool.begin());
    assert!(poll!(begin.as_mut()).is_pending());
    drop(held);
    begin.await.unwrap().rollback().await.unwrap();

    let [acquire, begin, rollback] = <[_; 3]>::try_from(capture.spans()).unwrap();
    assert_eq!(
        [&*acquire.name, &*begin.name, &*rollback.name],
        ["acquire", "BEGIN", "ROLLBACK"]
    );
    assert_eq!(acquire.status, Status::Unset);
    assert_eq!(acquire.parent_span_id, begin.span_context.span_id());
}

#[tokio::test]
async fn a_closed_pool_is_an_error_of_its_own() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    pool.close().await;
    assert!(pool.is_closed());
    sqlx::query(SELECT)
        .bind("A-1")
        .fetch_optional(&pool)
        .await
        .unwrap_err();
    let (span, _) = only(&capture);
    assert_eq!(attribute(&span, "error.type"), Some("pool_closed".into()));
}

#[tokio::test]
async fn a_stream_lasts_until_its_last_row() {
    let capture = Capture::new();
    let pool = pool_with(&capture, config().returned_rows(true)).await;
    fill(&pool).await;
    let mut rows = sqlx::query_scalar::<_, String>("SELECT sku FROM stock").fetch(&pool);
    let mut skus = Vec::new();
    while let Some(sku) = rows.try_next().await.unwrap() {
        assert_eq!(capture.spans().len(), 0);
        skus.push(sku);
    }
    assert_eq!(skus, ["A-1", "A-2", "A-3"]);
    // It ended with its last row, not with its drop. Polled again, it returns nothing more.
    let (span, _) = only(&capture);
    assert_eq!(
        attribute(&span, "db.response.returned_rows"),
        Some(3.into())
    );
    assert!(rows.next().await.is_none());
    drop(rows);
    assert_eq!(measured(&capture), 1);
}

#[tokio::test]
async fn a_stream_ends_with_its_error() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let overflow =
        "SELECT CASE sku WHEN 'A-2' THEN abs(-9223372036854775807 - 1) ELSE left END FROM stock";
    let mut rows = sqlx::query(overflow).fetch(&pool);
    rows.try_next().await.unwrap().unwrap();
    rows.try_next().await.unwrap_err();
    let (span, _) = only(&capture);
    assert_eq!(attribute(&span, "error.type"), Some("1".into()));
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn several_statements_are_one_call() {
    const SCRIPT: &str = "INSERT INTO stock (sku) VALUES ('B-1'); INSERT INTO stock (sku) VALUES ('B-2'); SELECT sku FROM stock";
    let capture = Capture::new();
    let pool = pool(&capture).await;
    let ended: Vec<_> = sqlx::raw_sql(SCRIPT)
        .execute_many(&pool)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ended.len(), 3);
    let text = attribute(&only(&capture).0, "db.query.text").unwrap();
    assert!(!text.as_str().contains("B-1"), "{text}");

    let steps: Vec<_> = sqlx::raw_sql("SELECT sku FROM stock; SELECT name FROM stock")
        .fetch_many(&pool)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(steps.iter().filter(|step| step.is_right()).count(), 4);
    let affected = sqlx::raw_sql("UPDATE stock SET left = 1; DELETE FROM stock")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(affected.rows_affected(), 4);
    assert_eq!(measured(&capture), 3);
}

#[tokio::test]
async fn everything_that_runs_on_an_executor_runs() {
    #[derive(sqlx::FromRow)]
    struct Item {
        name: String,
    }
    async fn count<'e>(executor: impl Executor<'e, Database = Sqlite>) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM stock")
            .fetch_one(executor)
            .await
            .unwrap()
    }

    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let item: Item = sqlx::query_as(SELECT)
        .bind("A-2")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(item.name, "bolt");
    let name = sqlx::query(SELECT)
        .bind("A-1")
        .map(|row: SqliteRow| row.get::<String, _>(0));
    assert_eq!(name.fetch_one(&pool).await.unwrap(), "nut");
    let mut builder = QueryBuilder::<Sqlite>::new("SELECT left FROM stock WHERE sku = ");
    let left: i64 = builder
        .push_bind("A-3")
        .build_query_scalar()
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 7);
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(count(&mut connection).await, 3);
    sqlx::query("DELETE FROM stock WHERE sku = $1")
        .bind("A-1")
        .execute(&mut connection)
        .await
        .unwrap();
    drop(connection);
    assert_eq!(count(&pool).await, 2);
    let spawned = pool.clone();
    let counted = tokio::spawn(async move { count(&spawned).await })
        .await
        .unwrap();
    assert_eq!(counted, 2);

    assert_eq!(
        names(&capture),
        [
            "SELECT stock",
            "SELECT stock",
            "SELECT stock",
            "SELECT stock",
            "DELETE stock",
            "SELECT stock",
            "SELECT stock"
        ]
    );
    assert_eq!(measured(&capture), 7);
}

#[tokio::test]
async fn statements_are_prepared_and_run() {
    let capture = Capture::new();
    let pool = pool(&capture).await;
    fill(&pool).await;
    let mut connection = pool.acquire().await.unwrap();
    let statement = (&mut connection)
        .prepare(SELECT.into_sql_str())
        .await
        .unwrap();
    let row = statement
        .query()
        .bind("A-1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>(0), "nut");
    let described = (&mut connection)
        .describe(SELECT.into_sql_str())
        .await
        .unwrap();
    assert_eq!(described.columns().len(), 1);

    let spans = capture.spans();
    assert_eq!(
        names(&capture),
        ["PREPARE", "SELECT stock", "DESCRIBE"].map(named)
    );
    assert_eq!(
        attributes(&spans[0]),
        [
            pair("db.operation.name", "PREPARE"),
            pair("db.query.text", SELECT),
            pair("db.system.name", "sqlite"),
        ]
    );
    assert_eq!(attribute(&spans[1], "db.query.text"), Some(SELECT.into()));
}

fn named(name: &str) -> String {
    name.to_owned()
}

#[tokio::test]
async fn no_value_is_recorded_and_none_is_in_debug_output() {
    const CANARY: &str = "canary' -- binds: [canary]";
    let capture = Capture::new();
    let pool = pool(&capture).await;
    for _ in 0..3 {
        // The second insert is a violation, whose message may contain the value.
        let _ = sqlx::query(INSERT)
            .bind(CANARY)
            .bind(CANARY)
            .execute(&pool)
            .await;
        sqlx::query("SELECT 'canary', name AS x FROM stock WHERE sku <> 'canary'")
            .fetch_all(&pool)
            .await
            .unwrap();
        sqlx::raw_sql("INSERT INTO missing VALUES ('canary')")
            .execute(&pool)
            .await
            .unwrap_err();
        sqlx::query("SELECT 'canary' FRO 'canary")
            .fetch_all(&pool)
            .await
            .unwrap_err();
    }
    let mut transaction = pool.begin().await.unwrap();
    let debug = [
        format!("{pool:?}"),
        format!("{:?}", capture.spans()),
        format!("{:?}", capture.points(support::DURATION)),
        format!("{transaction:?}"),
        format!("{:?}", &mut *transaction),
    ];
    for output in debug {
        assert!(!output.contains("canary"), "{output}");
    }
    assert_eq!(capture.spans().len(), 13);
}
