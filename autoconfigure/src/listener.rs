//! What an exporter says while it exports: a warning for each batch that fails, which is known
//! here already, and one for each that the collector has taken only in part, which is not.

use std::fmt;

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

use crate::{outage::Destination, signal::Signal};

/// Collects the events of one pipeline's exporter in place of the application's subscriber,
/// whoever has set that.
pub(crate) struct Listener {
    pub(crate) signal: Signal,
    pub(crate) destination: Destination,
}

/// Whether somebody wants to watch the exporters at work, and gets everything then.
pub(crate) fn is_debugged() -> bool {
    tracing::enabled!(target: EXPORTERS, Level::DEBUG)
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == EXPORTERS && metadata.name().ends_with(".PartialSuccess")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let mut reason = Reason(String::new());
        event.record(&mut reason);
        self.destination.rejected(self.signal, reason.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The numbers and the message of a partial success.
struct Reason(String);

impl Visit for Reason {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name().starts_with("rejected") || field.name() == "error_message" {
            let separator = if self.0.is_empty() { "" } else { ", " };
            self.0 += &format!("{separator}{}={value:?}", field.name());
        }
    }
}

const EXPORTERS: &str = "opentelemetry-otlp";
