//! The contract that every middleware of the suite fulfils, over real sockets.
//!
//! [`contract`] holds the scenarios: what is sent, and all the telemetry that is expected. [`apps`]
//! holds one application for each framework, with the same routes. A file in `tests/` joins the
//! two:
//!
//! ```
//! integration_tests::server_contract!(integration_tests::apps::axum::Axum);
//! # fn main() {}
//! ```
//!
//! What only one framework has is tested in a file of its own. Tests name the scenarios that they
//! prove, and [`conformance`] reads them there.
//!
//! Nothing here is global: each test has its own providers and its own server on a free port. It
//! waits for conditions, not for time to pass.

// A test says by panicking what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod apps;
pub mod conformance;
pub mod contract;
pub mod observed;
pub mod semconv;
pub mod wire;
