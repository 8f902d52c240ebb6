//! The application's options for `tracing`.

use std::fmt;
use std::sync::Arc;

use otel_tracing_bridge::{Line, Lines, SpanLayer};

use crate::directives::DEFAULT;

/// The options and their defaults.
#[derive(Clone)]
pub(crate) struct TracingOptions {
    pub(crate) directives: String,
    pub(crate) lines: Lines,
    pub(crate) configure_lines: Arc<dyn Fn(Line) -> Line + Send + Sync>,
    pub(crate) configure_spans: Arc<dyn Fn(SpanLayer) -> SpanLayer + Send + Sync>,
    pub(crate) records_panics: bool,
    pub(crate) is_foreign: bool,
    pub(crate) sqlx_events: bool,
}

impl Default for TracingOptions {
    fn default() -> Self {
        Self {
            directives: DEFAULT.to_owned(),
            lines: Lines::Auto,
            configure_lines: Arc::new(|line| line),
            configure_spans: Arc::new(|spans| spans),
            records_panics: true,
            is_foreign: false,
            sqlx_events: false,
        }
    }
}

impl fmt::Debug for TracingOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingOptions")
            .field("directives", &self.directives)
            .field("lines", &self.lines)
            .field("records_panics", &self.records_panics)
            .field("is_foreign", &self.is_foreign)
            .field("sqlx_events", &self.sqlx_events)
            .finish_non_exhaustive()
    }
}
