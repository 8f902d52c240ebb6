//! The changes to a span that its fields ask for.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use tracing::field::{Field, Visit};

use crate::value::{Integer, owned, shared, with_causes, with_text};

/// The changes found in fields, at the start of a span or recorded later.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) kind: Option<SpanKind>,
    pub(crate) status: Status,
    pub(crate) attributes: Vec<KeyValue>,
    /// The attributes are also kept for lines.
    pub(crate) is_shared: bool,
    /// There is an error without a type yet.
    pub(crate) is_error: bool,
    /// There is an `error.type`.
    pub(crate) is_typed: bool,
}

impl Changes {
    pub(crate) fn with_capacity(attributes: usize, is_shared: bool) -> Self {
        Self {
            attributes: Vec::with_capacity(attributes),
            is_shared,
            ..Self::default()
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            NAME => self.name = Some(text.to_owned().into()),
            KIND => self.kind = kind(text).or(self.kind.take()),
            STATUS_CODE if text.eq_ignore_ascii_case("ok") => self.status = Status::Ok,
            STATUS_CODE if text.eq_ignore_ascii_case("error") => self.fail(""),
            STATUS_CODE => {}
            STATUS_MESSAGE | STATUS_DESCRIPTION => self.fail(text),
            ERROR => {
                self.is_error = true;
                self.fail(text);
            }
            name => {
                self.is_typed |= name == ERROR_TYPE;
                let value = if self.is_shared {
                    shared(text)
                } else {
                    owned(text)
                };
                self.attributes.push(KeyValue::new(name, value));
            }
        }
    }

    /// Keeps the first description; an error without one takes the next.
    fn fail(&mut self, description: &str) {
        let is_open = match &self.status {
            Status::Unset => true,
            Status::Error { description } => description.is_empty(),
            Status::Ok => false,
        };
        if is_open {
            self.status = Status::error(description.to_owned());
        }
    }

    fn plain(&mut self, field: &Field, value: impl Into<Value> + fmt::Display) {
        match field.name() {
            NAME | KIND | STATUS_CODE | STATUS_MESSAGE | STATUS_DESCRIPTION | ERROR => {
                self.text(field, &value.to_string());
            }
            name => self.attributes.push(KeyValue::new(name, value)),
        }
    }
}

impl Visit for Changes {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        with_text(value, |text| self.text(field, text));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        with_causes(value, |text| self.text(field, text));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            ERROR if value => {
                self.is_error = true;
                self.fail("");
            }
            ERROR => {}
            _ => self.plain(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match Integer::from(value) {
            Integer::Fits(value) => self.plain(field, value),
            Integer::TooLarge(value) => self.record_debug(field, &value),
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match Integer::from(value) {
            Integer::Fits(value) => self.plain(field, value),
            Integer::TooLarge(value) => self.record_debug(field, &value),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match Integer::from(value) {
            Integer::Fits(value) => self.plain(field, value),
            Integer::TooLarge(value) => self.record_debug(field, &value),
        }
    }
}

fn kind(text: &str) -> Option<SpanKind> {
    let kinds = [
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
        ("internal", SpanKind::Internal),
    ];
    let mut kinds = kinds.into_iter();
    let found = kinds.find(|(name, _)| text.eq_ignore_ascii_case(name))?;
    Some(found.1)
}

const NAME: &str = "otel.name";
const KIND: &str = "otel.kind";
const STATUS_CODE: &str = "otel.status_code";
const STATUS_MESSAGE: &str = "otel.status_message";
/// The name in tracing-opentelemetry.
const STATUS_DESCRIPTION: &str = "otel.status_description";
/// Also the only field of the event of `#[instrument(err)]`.
pub(crate) const ERROR: &str = "error";
pub(crate) const ERROR_TYPE: &str = "error.type";
