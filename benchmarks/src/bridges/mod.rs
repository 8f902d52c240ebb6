//! What a span and an event of `tracing` cost on their way to OpenTelemetry.
//!
//! The subscribers are those of an application: the layer alone, and what `init` sets up. A sampled
//! caller, and processors that drop what has ended.

pub mod column;
pub mod run;
pub mod subscribers;
pub mod table;
pub mod work;
