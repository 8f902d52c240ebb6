//! Which spans and events are ignored.

use std::fmt;

use tracing::Metadata;

/// The application's filter for spans or events; without one, all are accepted.
#[derive(Default)]
pub(crate) struct Choice(Option<Box<Predicate>>);

type Predicate = dyn Fn(&Metadata<'_>) -> bool + Send + Sync;

impl Choice {
    pub(crate) fn new(choice: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(choice)))
    }

    /// Whether it accepts this one. Logs of the SDK itself are never accepted: the SDK emits them
    /// while it holds its own state, and each export would cause another one.
    pub(crate) fn takes(&self, metadata: &Metadata<'_>) -> bool {
        !is_opentelemetry(metadata.target())
            && self.0.as_ref().is_none_or(|choice| choice(metadata))
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "some" } else { "all" })
    }
}

/// Whether a span only marks the work of the suite's middleware, whose own span is one of the API.
pub(crate) fn is_marker(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with("otel_middleware_")
}

/// Whether the target belongs to the API, the SDK or the exporters.
pub(crate) fn is_opentelemetry(target: &str) -> bool {
    target.starts_with("opentelemetry")
}
