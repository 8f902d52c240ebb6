//! Turns the fields of an event into a log record.

use std::error::Error;
use std::fmt;

use opentelemetry::Key;
use opentelemetry::logs::{AnyValue, LogRecord, Severity};
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

use crate::details::{CODE_FILE_PATH, CODE_LINE_NUMBER};
use crate::source;
use crate::takes::Choice;
use crate::value::{Integer, with_causes, with_text};

/// Writes the fields of an event into a log record.
pub(crate) struct Fields<'a, R> {
    pub(crate) record: &'a mut R,
    /// The metadata of the event.
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) choice: &'a Choice,
    pub(crate) location: bool,
    /// False once the record turns out to be filtered out.
    pub(crate) is_taken: bool,
}

/// Whether the event was a record of the `log` crate. Such an event carries its metadata in fields.
pub(crate) fn is_log(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "log" && metadata.name() == "log event"
}

/// The field with the target of a record of the `log` crate.
pub(crate) const LOG_TARGET: &str = "log.target";

/// Whether a field is one of those that carry metadata.
pub(crate) fn is_metadata(name: &str) -> bool {
    matches!(
        name,
        LOG_TARGET | "log.module_path" | "log.file" | "log.line"
    )
}

impl<R: LogRecord> Fields<'_, R> {
    fn add(&mut self, field: &Field, value: impl Into<AnyValue>) {
        self.record.add_attribute(Key::new(field.name()), value);
    }

    fn text(&mut self, field: &Field, text: &str) {
        let text = AnyValue::String(text.to_owned().into());
        match field.name() {
            "message" => self.record.set_body(text),
            _ => self.add(field, text),
        }
    }

    /// Takes the origin of a record of the `log` crate from its fields.
    fn origin(&mut self, field: &Field, text: &str) {
        match field.name() {
            LOG_TARGET => {
                let level = *self.metadata.level();
                let metadata = Metadata::new(
                    self.metadata.name(),
                    text,
                    level,
                    None,
                    None,
                    None,
                    tracing::field::FieldSet::new(&[], self.metadata.callsite()),
                    tracing::metadata::Kind::EVENT,
                );
                self.is_taken &= self.choice.takes(&metadata);
                self.record.set_target(text.to_owned());
            }
            "log.file" if self.location => {
                let path = source::path(text).to_owned();
                self.record.add_attribute(CODE_FILE_PATH, path);
            }
            _ => {}
        }
    }

    fn is_origin(&self, field: &Field) -> bool {
        is_metadata(field.name()) && is_log(self.metadata)
    }
}

impl<R: LogRecord> Visit for Fields<'_, R> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.is_origin(field) {
            with_text(value, |text| self.text(field, text));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.is_origin(field) {
            true => self.origin(field, value),
            false => self.text(field, value),
        }
    }

    fn record_error(&mut self, _: &Field, value: &(dyn Error + 'static)) {
        with_causes(value, |text| {
            self.record
                .add_attribute("exception.message", text.to_owned());
        });
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match Integer::from(value) {
            Integer::Fits(line) if self.is_origin(field) => {
                if self.location {
                    self.record.add_attribute(CODE_LINE_NUMBER, line);
                }
            }
            Integer::Fits(value) => self.add(field, value),
            Integer::TooLarge(value) => self.record_debug(field, &value),
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match Integer::from(value) {
            Integer::Fits(value) => self.add(field, value),
            Integer::TooLarge(value) => self.record_debug(field, &value),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match Integer::from(value) {
            Integer::Fits(value) => self.add(field, value),
            Integer::TooLarge(value) => self.record_debug(field, &value),
        }
    }
}

/// The severity of a level.
pub(crate) fn severity(level: Level) -> Severity {
    match level {
        Level::TRACE => Severity::Trace,
        Level::DEBUG => Severity::Debug,
        Level::INFO => Severity::Info,
        Level::WARN => Severity::Warn,
        Level::ERROR => Severity::Error,
    }
}
