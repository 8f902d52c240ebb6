//! PostgreSQL's driver sends its event where the statement is polled or dropped. Run by
//! `integration-tests/postgres`.

use std::env;
use std::time::Duration;

use futures_util::{TryStreamExt, poll};
use otel_middleware_sqlx::{DatabaseConfig, PgPool};
use sqlx::postgres::PgPoolOptions;
use tracing::{Instrument, info_span};

use crate::alone::{Exported, alone};

#[test]
fn every_statement_has_one_span_also_one_that_is_dropped() {
    alone("", || async {
        let (exported, _telemetry) = Exported::init(|builder| builder.sqlx_events(true));
        let url = env::var("CONTRACT_POSTGRES_URL");
        let url = url.expect("integration-tests/postgres starts a server and says where it is");
        let options = PgPoolOptions::new().max_connections(1);
        let plain = options.connect(&url).await.unwrap();
        let config = DatabaseConfig::new().acquire_threshold(Duration::MAX);
        let pool = PgPool::with_config(plain.clone(), config);
        async {
            let one = sqlx::query("SELECT 1 AS wrapped WHERE $1 <> ''").bind("canary");
            one.fetch_one(&pool).await.unwrap();
            let mut rows = sqlx::query("SELECT i FROM generate_series(1, 9) AS i").fetch(&pool);
            rows.try_next().await.unwrap();
            drop(rows);
            // Dropped while the server prepares it: the driver sends its event there.
            let mut connection = pool.acquire().await.unwrap();
            let given_up = sqlx::query("SELECT 2 AS given_up WHERE $1 <> ''").bind("canary");
            let mut given_up = Box::pin(given_up.fetch_one(&mut connection));
            assert!(poll!(given_up.as_mut()).is_pending());
            drop(given_up);
            drop(connection);

            let plain_one =
                sqlx::query("DELETE FROM pg_class WHERE relname = $1 AND 'x' = 'canary'");
            plain_one.bind("canary").execute(&plain).await.unwrap();
            let mut rows = sqlx::query("SELECT 'canary' FROM pg_class").fetch(&plain);
            rows.try_next().await.unwrap();
            drop(rows);
        }
        .instrument(info_span!("all"))
        .await;
        plain.close().await;

        let names = [
            "DELETE pg_class (otel-autoconfigure)",
            "SELECT (otel-middleware-sqlx)",
            "SELECT (otel-middleware-sqlx)",
            "SELECT (otel-middleware-sqlx)",
            "SELECT pg_class (otel-autoconfigure)",
            "all (sqlx_events)",
        ];
        assert_eq!(exported.spans(), names);
        let all = format!("{:?}", exported.capture.spans());
        assert!(!all.contains("canary"), "{all}");
    });
}
