//! The names of the suite's instrumentations in their telemetry.

use opentelemetry::InstrumentationScope;

use crate::semconv;

/// The instrumentation scope of a crate, with the schema URL of the emitted conventions.
///
/// ```
/// use otel_instrumentation::instrumentation_scope;
///
/// let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
/// assert_eq!(scope.schema_url(), Some("https://opentelemetry.io/schemas/1.45.0"));
/// ```
#[must_use]
pub fn instrumentation_scope(name: &'static str, version: &'static str) -> InstrumentationScope {
    InstrumentationScope::builder(name)
        .with_version(version)
        .with_schema_url(semconv::SCHEMA_URL)
        .build()
}
