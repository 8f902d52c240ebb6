//! The cost of a span and an event of `tracing` on their way to OpenTelemetry.
//!
//! The subscribers are those of an application: the layer alone, and what `init` sets up. The
//! caller is sampled, and the processors drop ended spans and records.

pub mod column;
pub mod run;
pub mod subscribers;
pub mod table;
pub mod work;
