#![doc = include_str!("../README.md")]

mod analysis;
mod arrivals;
mod attributes;
mod bundles;
mod clock;
mod filter;
mod host;
mod intervals;
mod json;
mod log;
mod otlp;
mod page;
mod receive;
mod span;
mod terminal;
#[cfg(test)]
mod testing;
mod text;
mod trace;
mod traces;
mod verdict;

pub use arrivals::Arrivals;
pub use attributes::{Attributes, Value};
pub use filter::Filter;
pub use json::print_json;
pub use log::{Log, Severity};
pub use page::Page;
pub use receive::{Batch, Receiver};
pub use span::{Event, Kind, Link, Span, Status};
pub use terminal::print_report;
pub use trace::Trace;
pub use traces::{Counts, Put, Traces};
