//! What must hold whatever text comes in: one function for each fuzz target.
//!
//! The unit tests run them, too, over the corpora that are checked in. What they look at has no
//! public name, so that its sources are a part of this crate.

#[path = "../../src/db/sql/tests/check.rs"]
mod check;
#[path = "../../src/db/sql/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of another crate")]
mod sql;

pub use self::check::sql;
