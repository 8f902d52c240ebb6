//! The cost of a send and of the work on a message over bare rdkafka, for `docs/performance.md`.

pub mod arguments;
pub mod cost;
#[path = "../../src/counting.rs"]
pub mod counting;
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
