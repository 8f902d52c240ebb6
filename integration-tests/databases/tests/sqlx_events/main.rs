//! sqlx's own events as spans, with `Builder::sqlx_events`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod alone;
#[cfg(feature = "postgres")]
mod postgres;

use std::time::{Duration, SystemTime};

use alone::{Exported, alone};
use futures_util::{TryStreamExt, poll};
use integration_tests_databases::sqlx::Database;
use log::LevelFilter;
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_autoconfigure::ContextSubscriber;
use otel_instrumentation::testing::by_name;
use otel_middleware_sqlx::{DatabaseConfig, SqlitePool};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Sqlite};
use tracing::{Instrument, Level, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[test]
fn a_statement_is_a_span_below_its_caller() {
    // The line has the same facts as the span.
    let written = alone("info,sqlx::query=debug", || async {
        let (exported, _telemetry) = Exported::init(|builder| builder.sqlx_events(true));
        let pool = open().await;
        let before = SystemTime::now();
        let span = info_span!("sell");
        let selling = async { sqlx::query(SLOW).bind("A-1").fetch_one(&pool).await };
        selling.instrument(span).await.unwrap();
        pool.close().await;

        let [query, sell] = <[SpanData; 2]>::try_from(exported.capture.spans())
            .unwrap_or_else(|spans| panic!("{spans:#?}"));
        let (query, sell) = match &*query.name {
            "sell" => (sell, query),
            _ => (query, sell),
        };
        assert_eq!(query.name, "SELECT SELECT SELECT stock");
        assert_eq!(query.span_kind, SpanKind::Client);
        assert_eq!(query.status, Status::Unset);
        assert_eq!(query.instrumentation_scope.name(), "otel-autoconfigure");
        assert_eq!(sell.name, "sell");
        assert_eq!(query.parent_span_id, sell.span_context.span_id());
        assert_eq!(query.span_context.trace_id(), sell.span_context.trace_id());
        let labels = [
            ("db.query.summary", "SELECT SELECT SELECT stock"),
            ("db.system.name", "other_sql"),
        ];
        let with = |more: &[(&'static str, &'static str)]| -> Vec<(String, Value)> {
            let all = labels.iter().chain(more);
            let mut all: Vec<_> = all
                .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                .collect();
            all.sort_by(|left: &(String, Value), right| left.0.cmp(&right.0));
            all
        };
        let attributes = with(&[("db.query.text", SLOW_SANITISED)]);
        assert_eq!(by_name(&query.attributes), attributes);

        let [point] = &exported.capture.points("db.client.operation.duration")[..] else {
            panic!("not one point");
        };
        assert_eq!(
            point.labels.clone().into_iter().collect::<Vec<_>>(),
            with(&[])
        );
        let duration = query.end_time.duration_since(query.start_time).unwrap();
        assert_eq!(point.sum, duration.as_secs_f64());
        // It began after the call, and lasted as long as sqlx says.
        assert!(query.start_time >= before, "{query:?} {before:?}");
        let id = format!("{:?}", sell.span_context.span_id());
        let is_below = |record: &&String| record.contains(&id);
        assert_eq!(exported.records().iter().filter(is_below).count(), 1);
        eprintln!("duration {}", duration.as_secs_f64());
    });
    let number = |after: &str| -> f64 {
        let (_, rest) = written.rsplit_once(after).unwrap();
        let digits = rest.split(|it: char| !"0123456789.e-".contains(it)).next();
        digits.unwrap().parse().unwrap()
    };
    let (told, recorded) = (number("\"elapsed_secs\":"), number("duration "));
    assert!(told > 0.001 && recorded >= told, "{written}");
}

#[test]
fn a_server_span_is_a_parent_and_no_other_is() {
    alone("", || async {
        let (exported, _telemetry) = Exported::init(|builder| builder.sqlx_events(true));
        let pool = open().await;
        let query = || sqlx::query("SELECT sku FROM stock").fetch_all(&pool);
        query().await.unwrap();
        let remote = SpanContext::new(
            TraceId::from(7),
            SpanId::from(7),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        let remote = Context::new().with_remote_span_context(remote);
        query().with_context(remote).await.unwrap();
        let tracer = exported.capture.tracer_provider().tracer("test");
        // As within a middleware: the handler has no span of `tracing`.
        let span = tracer.start("server");
        let parent = span_id(&span);
        let context = Context::new().with_span(span);
        let suppressed = context.with_telemetry_suppressed();
        query().with_context(suppressed).await.unwrap();
        query().with_context(context).await.unwrap();
        pool.close().await;

        let spans = exported.capture.spans();
        let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
        let is_query = |span: &&SpanData| span.name == "SELECT stock";
        let queries: Vec<_> = spans.iter().filter(is_query).collect();
        assert_eq!(queries.len(), 1, "{names:?}");
        assert_eq!(queries.first().unwrap().parent_span_id, parent);
    });
}

#[test]
fn what_the_wrapper_records_has_one_span() {
    alone("", || async {
        let (exported, _telemetry) = Exported::init(|builder| builder.sqlx_events(true));
        use_all(&open().await).await;
        assert_eq!(exported.spans(), ALL);
    });
}

#[test]
fn nothing_comes_of_events_by_default() {
    for rust_log in [
        "",
        "info,sqlx::query=debug,otel_middleware_sqlx::query=trace",
    ] {
        let written = alone(rust_log, || async {
            let (exported, _telemetry) = Exported::init(|builder| builder);
            // If nothing wants them, neither is made.
            let is_wanted = std::env::var("RUST_LOG").unwrap() != "";
            let event = tracing::enabled!(target: "sqlx::query", Level::DEBUG);
            assert_eq!(event, is_wanted);
            assert!(!tracing::span_enabled!(target: "otel_middleware_sqlx::query", Level::DEBUG));
            use_all(&open().await).await;
            let of_the_wrapper = ALL.iter().filter(|name| !name.contains("autoconfigure"));
            let of_the_wrapper: Vec<_> = of_the_wrapper.collect();
            assert_eq!(exported.spans().iter().collect::<Vec<_>>(), of_the_wrapper);
            assert_eq!(exported.records().is_empty(), !is_wanted);
        });
        assert_eq!(written.contains("sqlx::query"), !rust_log.is_empty());
    }
}

#[test]
fn no_literal_gets_anywhere() {
    let written = alone("", || async {
        let (exported, _telemetry) = Exported::init(|builder| {
            let builder = builder.configure_spans(|spans| spans.span_events(true));
            builder.sqlx_events(true)
        });
        let pool = open().await;
        async {
            let statements = [
                // Statements of fewer than five words, and of more.
                "SELECT 'canary'",
                "SELECT sku FROM stock WHERE name = 'canary' AND sku <> 'canary'",
                "\n\nSELECT 'canary' -- canary\n FROM stock\n",
                "SELECT canary FROM 'canary",
            ];
            for statement in statements {
                let _ = sqlx::raw_sql(statement).execute(&pool).await;
            }
            let bound = sqlx::query("SELECT sku FROM stock WHERE 'canary' = $1 AND $1 <> '7'");
            bound.bind("canary").fetch_all(&pool).await.unwrap();
        }
        .instrument(info_span!("sell"))
        .await;
        pool.close().await;

        let spans = exported.capture.spans();
        assert_eq!(spans.iter().filter(|span| span.name != "sell").count(), 5);
        let points = exported.capture.points("db.client.operation.duration");
        // In the last but one, `canary` is a name and no literal.
        let all = format!("{spans:?} {points:?}").replace("SELECT canary FROM", "");
        assert!(!all.contains("canary"), "{all}");
        assert!(spans.iter().all(|span| span.events.is_empty()), "{all}");
        assert!(exported.records().is_empty());
    });
    assert!(!written.contains("canary"), "{written}");
}

/// The filter of a layer loses nothing after sqlx's `log_enabled!` (tokio-rs/tracing#2519).
#[test]
fn a_subscriber_of_ones_own_can_have_them() {
    alone("", || async {
        let (exported, telemetry) =
            Exported::init(|builder| builder.sqlx_events(true).without_subscriber());
        let filter = "info,sqlx::query=debug,otel_middleware_sqlx::query=debug";
        let lines = tracing_subscriber::fmt::layer().with_filter(EnvFilter::new("info"));
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new(filter))
            .with(telemetry.layer())
            .with(lines);
        ContextSubscriber::new(subscriber).init();
        use_all(&open().await).await;
        assert_eq!(exported.spans(), ALL);
        assert!(exported.records().is_empty(), "{:?}", exported.records());
    });
}

#[test]
fn tracing_opentelemetry_has_them_below_its_spans() {
    alone("", || async {
        let (exported, _telemetry) =
            Exported::init(|builder| builder.sqlx_events(true).with_tracing_opentelemetry());
        use_all(&open().await).await;
        let spans = exported.spans().into_iter();
        let spans = spans.map(|span| span.replace("(tracing)", "(sqlx_events)"));
        assert_eq!(spans.collect::<Vec<_>>(), ALL);
    });
}

/// Every way to run a statement through the wrapper, and one around it. A span follows each.
async fn use_all(plain: &sqlx::SqlitePool) {
    let config = DatabaseConfig::new().acquire_threshold(Duration::MAX);
    let pool = SqlitePool::with_config(plain.clone(), config);
    async {
        let after = || info_span!("after").in_scope(|| ());
        let execute = sqlx::query("INSERT INTO stock VALUES ($1, $1)").bind("A-9");
        execute.execute(&pool).await.unwrap();
        after();
        let one = sqlx::query("SELECT sku FROM stock WHERE sku = $1");
        one.bind("A-1").fetch_one(&pool).await.unwrap();
        after();
        let mut rows = sqlx::query("SELECT name FROM stock").fetch(&pool);
        rows.try_next().await.unwrap();
        drop(rows);
        after();
        let mut connection = pool.acquire().await.unwrap();
        let held = Sqlite::hold(connection.inner()).await;
        let slow = sqlx::query(SLOW).bind("A-1");
        let mut given_up = Box::pin(slow.fetch_all(&mut connection));
        assert!(poll!(given_up.as_mut()).is_pending());
        drop(given_up);
        drop(held);
        drop(connection);
        after();
        let mut transaction = pool.begin().await.unwrap();
        let delete = sqlx::query("DELETE FROM stock");
        delete.execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        after();
        // It is recorded by neither, because a filter excludes it.
        let unrecorded = DatabaseConfig::new().filter(|_| false);
        let unrecorded = SqlitePool::with_config(plain.clone(), unrecorded);
        let unseen = sqlx::query("SELECT 1 AS unseen");
        unseen.fetch_one(&unrecorded).await.unwrap();
        after();
        let past = sqlx::query("UPDATE stock SET name = sku").execute(pool.inner());
        past.await.unwrap();
        after();
    }
    .instrument(info_span!("all"))
    .await;
    plain.close().await;
}

/// What becomes of it.
const ALL: [&str; 16] = [
    "BEGIN (otel-middleware-sqlx)",
    "DELETE stock (otel-middleware-sqlx)",
    "INSERT stock (otel-middleware-sqlx)",
    "ROLLBACK (otel-middleware-sqlx)",
    "SELECT SELECT SELECT stock (otel-middleware-sqlx)",
    "SELECT stock (otel-middleware-sqlx)",
    "SELECT stock (otel-middleware-sqlx)",
    "UPDATE stock (otel-autoconfigure)",
    "after (sqlx_events)",
    "after (sqlx_events)",
    "after (sqlx_events)",
    "after (sqlx_events)",
    "after (sqlx_events)",
    "after (sqlx_events)",
    "after (sqlx_events)",
    "all (sqlx_events)",
];

async fn open() -> sqlx::SqlitePool {
    // If a call is dropped while the pool tests its connection, the pool loses it and its tables.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None);
    // On a busy machine any statement may be slow, which sqlx warns about.
    let options: SqliteConnectOptions = "sqlite::memory:".parse().unwrap();
    let options = options.log_slow_statements(LevelFilter::Warn, Duration::MAX);
    let pool = pool.connect_with(options).await.unwrap();
    let create =
        "CREATE TABLE stock (sku TEXT, name TEXT); INSERT INTO stock VALUES ('A-1', 'nut')";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    pool
}

fn span_id(span: &impl opentelemetry::trace::Span) -> SpanId {
    span.span_context().span_id()
}

/// A query that takes its time.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT max(name) FROM stock, n WHERE sku = $1";
const SLOW_SANITISED: &str = "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + ? FROM n WHERE i < ?) SELECT max(name) FROM stock, n WHERE sku = $1";
