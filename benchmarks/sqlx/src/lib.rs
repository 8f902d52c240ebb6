//! The cost of a query over bare sqlx, for `docs/performance.md`.

pub mod arguments;
pub mod by_hand;
pub mod cost;
#[path = "../../src/counting.rs"]
pub mod counting;
#[path = "../../src/early.rs"]
pub mod early;
mod oxtel;
pub mod polled;
pub mod query;
pub mod sdk;
#[allow(
    dead_code,
    reason = "a part of another package, which has more to set up"
)]
#[path = "../../src/setup.rs"]
pub mod setup;
pub mod subject;
pub mod table;
#[path = "../../src/valgrind.rs"]
mod valgrind;
