//! What is left alone.

use std::fmt;

use tracing::Metadata;

/// The application's choice among spans or events; all of them if there is none.
#[derive(Default)]
pub(crate) struct Choice(Option<Box<Predicate>>);

type Predicate = dyn Fn(&Metadata<'_>) -> bool + Send + Sync;

impl Choice {
    pub(crate) fn new(choice: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(choice)))
    }

    /// Whether it takes this one. What the SDK says of itself is taken by nobody: the SDK says it
    /// while it holds its own state, and each export would be followed by another one.
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

/// Whether a span only marks what a middleware of the suite does, whose span is one of the API.
pub(crate) fn is_marker(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with("otel_middleware_")
}

/// What the API, the SDK and the exporters call themselves.
pub(crate) fn is_opentelemetry(target: &str) -> bool {
    target.starts_with("opentelemetry")
}
