//! The cost of a query with sqlx-tracing, for `docs/performance.md`.

#[path = "../../sqlx/src/arguments.rs"]
pub mod arguments;
#[path = "../../sqlx/src/cost.rs"]
pub mod cost;
#[path = "../../src/counting.rs"]
pub mod counting;
#[path = "../../sqlx/src/polled.rs"]
pub mod polled;
#[path = "../../sqlx/src/query.rs"]
pub mod query;
#[path = "../../sqlx/src/sdk.rs"]
pub mod sdk;
#[allow(
    dead_code,
    reason = "a part of another package, which has more to set up"
)]
#[path = "../../src/setup.rs"]
pub mod setup;
pub mod subject;
#[path = "../../sqlx/src/table.rs"]
pub mod table;
#[path = "../../src/valgrind.rs"]
mod valgrind;
