//! Asserts exactly how many allocations the wrapper adds to a query, so that one more is noticed.
//!
//! The query fails while its value is encoded. If it reached the driver's own thread, the cost
//! would depend on how long the driver takes.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use allocation_counter::measure;
use futures_util::TryStreamExt;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_sqlx::{DatabaseConfig, Providers, SqlitePool};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Encode, Error, Executor, Sqlite, Type};
use tokio::runtime::Builder;

#[test]
fn a_query_costs_so_many_allocations() {
    let cases = [
        // One box a call, and the API's allocation when it is asked whether it is a no-op. sqlx
        // itself boxes an `execute` and a `fetch_all` three times, the wrapper twice. A stream has
        // its place for a row.
        ("no SDK", Providers::global(), [0, 2, 0, 2]),
        // The span, its place in the context, and its attributes.
        ("sampled", dropping_providers(false), [2, 4, 2, 4]),
        // The list of labels is reused from query to query.
        ("measured", dropping_providers(true), [2, 4, 2, 4]),
    ];
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // A task returns the connection to its pool.
    let _entered = runtime.enter();
    let mut connection = runtime.block_on(async {
        let pool = support::open().await;
        pool.acquire().await.unwrap()
    });
    let bare = CALLS.map(|call| cost(|| runtime.block_on(run(call, &mut *connection))));
    for (setup, providers, expected) in cases {
        let config = DatabaseConfig::new().providers(providers);
        let mut connection = runtime.block_on(async {
            let pool = SqlitePool::with_config(support::open().await, config);
            pool.acquire().await.unwrap()
        });
        let wrapped = CALLS.map(|call| cost(|| runtime.block_on(run(call, &mut connection))));
        let pairs = wrapped.into_iter().zip(bare);
        let added: Vec<_> = pairs.map(|(wrapped, bare)| wrapped - bare).collect();
        assert_eq!(added, expected, "{setup}");
    }
}

#[derive(Clone, Copy)]
enum Call {
    Execute,
    First,
    All,
    Stream,
}

const CALLS: [Call; 4] = [Call::Execute, Call::First, Call::All, Call::Stream];

async fn run<'c>(call: Call, executor: impl Executor<'c, Database = Sqlite>) {
    let query = sqlx::query("SELECT left FROM stock WHERE sku = $1").bind(Unencodable);
    let result = match call {
        Call::Execute => query.execute(executor).await.map(drop),
        Call::First => query.fetch_optional(executor).await.map(drop),
        Call::All => query.fetch_all(executor).await.map(drop),
        Call::Stream => query.fetch(executor).try_next().await.map(drop),
    };
    assert!(matches!(result, Err(Error::Encode(_))));
}

struct Unencodable;

impl Type<Sqlite> for Unencodable {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Unencodable {
    fn encode_by_ref(&self, _: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Err("it cannot be encoded".into())
    }
}

/// After some warm-up calls.
fn cost(mut call: impl FnMut()) -> i64 {
    for _ in 0..5 {
        call();
    }
    let cost = measure(call).count_total;
    i64::try_from(cost).unwrap()
}
