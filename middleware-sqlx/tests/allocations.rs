//! What the wrapper adds to a query on the heap, exactly: one more has to be meant.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use allocation_counter::measure;
use futures_util::TryStreamExt;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_sqlx::{DatabaseConfig, Providers, SqlitePool};
use sqlx::{Executor, Sqlite};
use tokio::runtime::Builder;

#[test]
fn a_query_costs_so_many_allocations() {
    let cases = [
        // One box a call, and what the API makes to be asked whether it is a no-op. sqlx itself
        // boxes an `execute` and a `fetch_all` three times, the wrapper twice. A stream has its
        // place for a row.
        ("no SDK", Providers::global(), [0, 2, 0, 2]),
        // The span, its place in the context, and its attributes.
        ("sampled", dropping_providers(false), [2, 4, 2, 4]),
        // The list of labels is handed on from query to query.
        ("measured", dropping_providers(true), [2, 4, 2, 4]),
    ];
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // A connection goes back to its pool in a task.
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
        let added: Vec<_> = wrapped
            .into_iter()
            .zip(bare)
            .map(|(it, bare)| it - bare)
            .collect();
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
    let query = sqlx::query("SELECT left FROM stock WHERE sku = $1").bind("A-1");
    match call {
        Call::Execute => drop(query.execute(executor).await.unwrap()),
        Call::First => drop(query.fetch_optional(executor).await.unwrap()),
        Call::All => drop(query.fetch_all(executor).await.unwrap()),
        Call::Stream => {
            let mut rows = query.fetch(executor);
            while rows.try_next().await.unwrap().is_some() {}
        }
    }
}

/// The fewest of some: whether the driver's thread has to be waited for makes a difference.
fn cost(mut call: impl FnMut()) -> i64 {
    let fewest = (0..1_000).map(|_| measure(&mut call).count_total).min();
    i64::try_from(fewest.unwrap()).unwrap()
}
