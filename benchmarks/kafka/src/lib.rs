//! What a send and the work on a message cost over bare rdkafka, for `docs/performance.md`.

pub mod cost;
#[allow(
    dead_code,
    reason = "a part of another package, which has more to set up"
)]
#[path = "../../src/setup.rs"]
pub mod setup;
pub mod subject;
pub mod table;
