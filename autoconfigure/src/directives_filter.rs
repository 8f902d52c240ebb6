//! The filter of `RUST_LOG` for a whole subscriber.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use crate::directives::{Directives, SPANS, is_always_taken};
use crate::sqlx_events::SqlxEvents;

/// One filter for lines, records and spans. Filters of single layers cost more than a line of text,
/// and lose a span after each `log_enabled!` (tokio-rs/tracing#2519).
///
/// Quieter logs must not break traces: it always accepts spans from [`SPANS`] on.
#[derive(Debug)]
pub(crate) struct DirectivesFilter {
    filter: EnvFilter,
    /// Some directives are about spans or fields, so entered spans have to be tracked.
    is_dynamic: bool,
    sqlx: Option<SqlxEvents>,
}

impl DirectivesFilter {
    pub(crate) fn new(directives: &Directives, sqlx: Option<SqlxEvents>) -> Self {
        Self {
            filter: EnvFilter::new(directives.all()),
            is_dynamic: directives.all().contains('['),
            sqlx,
        }
    }
}

impl<S> Layer<S> for DirectivesFilter
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = Layer::<S>::register_callsite(&self.filter, metadata);
        match is_always_taken(metadata) {
            true => Interest::always(),
            false => interest,
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, cx: Context<'_, S>) -> bool {
        is_always_taken(metadata) || self.filter.enabled(metadata, cx)
    }

    fn event_enabled(&self, event: &Event<'_>, cx: Context<'_, S>) -> bool {
        let sqlx = self.sqlx.as_ref();
        sqlx.is_none_or(|sqlx| sqlx.take(event, &cx))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.max_level_hint()?.max(SPANS))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_new_span(attributes, id, cx);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_record(id, values, cx);
        }
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_enter(id, cx);
        }
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_exit(id, cx);
        }
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        if self.is_dynamic {
            self.filter.on_close(id, cx);
        }
    }
}
