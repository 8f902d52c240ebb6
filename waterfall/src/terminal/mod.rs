//! Traces as text, for a terminal.

mod columns;
mod report;
mod waterfall;

pub use report::print_report;
