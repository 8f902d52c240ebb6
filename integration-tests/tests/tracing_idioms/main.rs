//! What Rust programs do with `tracing` in a handler, with each framework, with and without
//! `#[instrument]` on the handler.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod fields;
mod outside;
mod request;
mod tasks;
