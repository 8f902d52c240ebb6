//! The providers that telemetry goes to, and its instrumentation scope.

#[cfg(feature = "bound-instruments")]
mod bound_histogram;
mod choice;
mod early;
mod instruments;
mod notice;
mod resolved;
mod scope;
mod tracer;

pub use self::choice::Providers;
pub(crate) use self::early::proposing;
pub use self::early::{EarlyDecision, EarlySampled, EarlySampler, proposed_trace_id};
pub(crate) use self::instruments::{Definitions, Instruments, QUERY_BUCKETS};
pub(crate) use self::resolved::Resolved;
pub use self::scope::instrumentation_scope;
pub(crate) use self::tracer::StartedSpan;
