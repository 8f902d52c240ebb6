//! Where telemetry goes, and as what.

#[cfg(feature = "bound-instruments")]
mod bound_histogram;
mod choice;
mod instruments;
mod notice;
mod resolved;
mod scope;
mod tracer;

pub use self::choice::Providers;
pub(crate) use self::instruments::{Definitions, Instruments, QUERY_BUCKETS};
pub(crate) use self::resolved::Resolved;
pub use self::scope::instrumentation_scope;
