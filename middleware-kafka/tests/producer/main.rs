//! What producers send and record, checked at the consumer.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "../cluster/mod.rs"]
mod cluster;
mod failing;
mod sending;
