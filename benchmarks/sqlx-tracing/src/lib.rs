//! What a query costs with sqlx-tracing, for `docs/performance.md`.

#[path = "../../sqlx/src/cost.rs"]
pub mod cost;
#[path = "../../sqlx/src/polled.rs"]
pub mod polled;
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
