//! What is told to whoever reads the log.

use std::io;
use std::io::Write;

use opentelemetry::Context;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, dispatcher};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    is_warning: bool,
    pub(crate) text: String,
}

impl Notice {
    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self {
            is_warning: true,
            text: text.into(),
        }
    }

    pub(crate) fn information(text: impl Into<String>) -> Self {
        Self {
            is_warning: false,
            text: text.into(),
        }
    }

    /// Tells it to whoever collects logs; on standard error if nobody does.
    pub(crate) fn say(&self) {
        let text = &self.text;
        if is_vacant() {
            // Nobody is left to be told that standard error is closed; `eprintln!` would panic.
            let _ = writeln!(io::stderr(), "otel-autoconfigure: {text}");
        } else if self.is_warning {
            tracing::warn!(target: TARGET, "{text}");
        } else {
            tracing::info!(target: TARGET, "{text}");
        }
    }

    /// Tells it to whoever reads lines, and does not export it: it is no record of the
    /// application's. Where there is no log, a mere information is missed by nobody.
    pub(crate) fn say_locally(&self) {
        if self.is_warning || !is_vacant() {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            self.say();
        }
    }
}

/// Whether nobody collects what `tracing` emits.
pub(crate) fn is_vacant() -> bool {
    dispatcher::get_default(Dispatch::is::<NoSubscriber>)
}

const TARGET: &str = "otel_autoconfigure";
