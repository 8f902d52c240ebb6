#![doc = include_str!("../README.md")]
#![allow(
    clippy::test_attr_in_doctest,
    reason = "the README shows a test, which `tests/test_it.rs` runs"
)]

mod database_url;
mod error;
mod identity;
mod install;
mod instrumentation;
mod open;
mod settings;
mod text;
#[cfg(feature = "sync-connection-wrapper")]
mod tokio_with_context;

pub use crate::install::install;
pub use crate::instrumentation::OtelInstrumentation;
#[cfg(feature = "sync-connection-wrapper")]
pub use crate::tokio_with_context::TokioWithContext;
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::{
    Attributes, DatabaseConfig, Providers, Sanitising, Statement, opentelemetry,
};
