//! Samplers that the SDK does not have: consistent probability, and rules.
//!
//! See <https://opentelemetry.io/docs/specs/otel/trace/sdk/#compositesampler>.

mod composable;
mod composite;
mod rule;
mod start;
mod threshold;
mod trace_state;

pub(crate) use composable::Composable;
pub(crate) use composite::Composite;
pub(crate) use rule::Rule;
pub(crate) use start::Parent;
