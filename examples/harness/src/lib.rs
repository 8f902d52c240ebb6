//! Shared by the tests of the examples: a program as a user runs it, a receiver for its exports,
//! and requests that are open when the program is asked to end.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod open_request;
mod orders;
mod program;

pub use open_request::OpenRequest;
pub use orders::assert_every_span_is_exported_at_the_end;
pub use program::{Ended, Program};

use otel_waterfall::Span;

/// The span's attributes as `name: value`, sorted.
#[must_use]
pub fn attributes(span: &Span) -> Vec<String> {
    let attributes = span.attributes.iter();
    let mut all: Vec<_> = attributes
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    all.sort();
    all
}
