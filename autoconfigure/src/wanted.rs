//! The filter for a layer that must have its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer;
use tracing_subscriber::registry::LookupSpan;

use crate::directives::Statics;
use crate::sqlx_events::SqlxEvents;

/// Accepts the spans and events of `RUST_LOG`, but nothing that the SDK logs about itself, and
/// nothing that happens during an export: every export would cause another one.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) statics: Statics,
    pub(crate) is_open: Arc<AtomicBool>,
    pub(crate) sqlx: Option<SqlxEvents>,
}

impl Wanted {
    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.target().starts_with("opentelemetry") && self.statics.takes(metadata)
    }
}

impl<S> layer::Filter<S> for Wanted
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: &layer::Context<'_, S>) -> bool {
        self.takes(metadata)
            && self.is_open.load(Ordering::Relaxed)
            && !Context::is_current_telemetry_suppressed()
    }

    /// The filter is asked each time, because `log_enabled!` leaves a filter in a state that hides
    /// the next span (tokio-rs/tracing#2519).
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.takes(metadata) {
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn event_enabled(&self, event: &Event<'_>, cx: &layer::Context<'_, S>) -> bool {
        let sqlx = self.sqlx.as_ref();
        sqlx.is_none_or(|sqlx| sqlx.take(event, cx))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.statics.level())
    }
}
