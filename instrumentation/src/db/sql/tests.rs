#[allow(unreachable_pub, reason = "a crate of its own where it is fuzzed")]
mod check;
mod corpus;
#[cfg(unix)]
mod growth;
mod property;
mod summary;
mod table;

use super as sql;
