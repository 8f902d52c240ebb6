//! Messages for the reader of the log.

use std::io;
use std::io::Write;

use opentelemetry::Context;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, dispatcher};

/// One message.
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

    /// Logs the message, or writes it to standard error if nothing collects logs.
    pub(crate) fn say(&self) {
        let text = &self.text;
        if is_vacant() {
            // If standard error is closed, nothing can be done; `eprintln!` would panic.
            let _ = writeln!(io::stderr(), "otel-autoconfigure: {text}");
        } else if self.is_warning {
            tracing::warn!(target: TARGET, "{text}");
        } else {
            tracing::info!(target: TARGET, "{text}");
        }
    }

    /// Logs the message, but does not export it: it is no record of the application's. Without a
    /// log, a message of level info is left out.
    pub(crate) fn say_locally(&self) {
        if self.is_warning || !is_vacant() {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            self.say();
        }
    }
}

/// Whether nothing collects the events of `tracing`.
pub(crate) fn is_vacant() -> bool {
    dispatcher::get_default(Dispatch::is::<NoSubscriber>)
}

const TARGET: &str = "otel_autoconfigure";
