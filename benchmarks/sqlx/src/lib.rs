//! What a query costs over bare sqlx, for `docs/performance.md`.

pub mod by_hand;
pub mod cost;
#[path = "../../src/early.rs"]
pub mod early;
mod oxtel;
pub mod polled;
pub mod sdk;
#[allow(
    dead_code,
    reason = "a part of another package, which has more to set up"
)]
#[path = "../../src/setup.rs"]
pub mod setup;
pub mod subject;
pub mod table;
