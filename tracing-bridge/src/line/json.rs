//! Lines for machines.

use std::error::Error;
use std::fmt::{self, Write};
use std::time::SystemTime;

use opentelemetry::{KeyValue, Value};
use tracing::Event;
use tracing::field::{Field, Visit};
use tracing_subscriber::registry::LookupSpan;

use super::escaped::Json;
use super::place::{Fields, Place, with_target};
use super::timestamp;
use crate::record::{is_log, is_metadata};
use crate::value::with_causes;

pub(super) fn write<S: for<'a> LookupSpan<'a>>(
    out: &mut dyn Write,
    with_span_fields: bool,
    event: &Event<'_>,
    place: &Place<'_, S>,
) -> fmt::Result {
    out.write_str("{\"timestamp\":\"")?;
    timestamp::write(out, SystemTime::now())?;
    out.write_str("\",\"level\":\"")?;
    out.write_str(event.metadata().level().as_str())?;
    out.write_str("\",\"target\":\"")?;
    with_target(event, &mut |target| Json(out).write_str(target))?;
    out.write_str("\"")?;

    let is_log = is_log(event.metadata());
    let mut message = Message {
        out,
        result: Ok(()),
    };
    event.record(&mut message);
    message.result?;
    let mut fields = Object {
        out,
        is_log,
        before: ",\"fields\":{",
        result: Ok(()),
    };
    event.record(&mut fields);
    let is_empty = fields.before != ",";
    fields.result?;
    if !is_empty {
        out.write_str("}")?;
    }

    let mut before = ",\"spans\":[";
    place.spans(with_span_fields, &mut |name, fields| {
        out.write_str(before)?;
        before = ",";
        span(out, name, fields)
    })?;
    if before == "," {
        out.write_str("]")?;
    }
    place.trace(event, &mut |name, value| {
        write!(out, ",\"{name}\":\"")?;
        write!(Json(out), "{value}")?;
        out.write_str("\"")
    })?;
    out.write_str("}\n")
}

fn span(out: &mut dyn Write, name: &str, fields: &Fields<'_>) -> fmt::Result {
    out.write_str("{\"name\":\"")?;
    Json(out).write_str(name)?;
    out.write_str("\"")?;
    match fields {
        Fields::Formatted("") => {}
        Fields::Formatted(text) => {
            out.write_str(",\"fields\":\"")?;
            Json(out).write_str(text)?;
            out.write_str("\"")?;
        }
        Fields::Kept([]) => {}
        Fields::Kept(fields) => {
            let mut before = ",\"fields\":{";
            for KeyValue { key, value, .. } in *fields {
                write_key(out, before, key.as_str())?;
                match value {
                    Value::Bool(value) => write!(out, "{value}")?,
                    Value::I64(value) => write!(out, "{value}")?,
                    Value::F64(value) => number(out, *value)?,
                    other => string(out, format_args!("{other}"))?,
                }
                before = ",";
            }
            out.write_str("}")?;
        }
    }
    out.write_str("}")
}

fn write_key(out: &mut dyn Write, before: &str, key: &str) -> fmt::Result {
    out.write_str(before)?;
    out.write_str("\"")?;
    Json(out).write_str(key)?;
    out.write_str("\":")
}

fn string(out: &mut dyn Write, text: fmt::Arguments<'_>) -> fmt::Result {
    out.write_str("\"")?;
    Json(out).write_fmt(text)?;
    out.write_str("\"")
}

/// JSON has no infinity and no NaN.
fn number(out: &mut dyn Write, value: f64) -> fmt::Result {
    match value.is_finite() {
        true => write!(out, "{value}"),
        false => write!(out, "\"{value}\""),
    }
}

/// The message, which is written beside the fields.
struct Message<'a> {
    out: &'a mut dyn Write,
    result: fmt::Result,
}

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            self.result = self
                .out
                .write_str(",\"message\":")
                .and_then(|()| string(self.out, format_args!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.record_debug(field, &format_args!("{value}"));
        }
    }
}

/// All other fields.
struct Object<'a> {
    out: &'a mut dyn Write,
    is_log: bool,
    before: &'static str,
    result: fmt::Result,
}

impl Object<'_> {
    fn put(&mut self, field: &Field, write: impl FnOnce(&mut dyn Write) -> fmt::Result) {
        let name = field.name();
        if self.result.is_err() || name == MESSAGE || self.is_log && is_metadata(name) {
            return;
        }
        self.result = write_key(self.out, self.before, name).and_then(|()| write(self.out));
        self.before = ",";
    }
}

impl Visit for Object<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, |out| string(out, format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |out| string(out, format_args!("{value}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        with_causes(value, |text| {
            self.put(field, |out| string(out, format_args!("{text}")));
        });
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |out| write!(out, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |out| write!(out, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |out| write!(out, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, |out| number(out, value));
    }
}

const MESSAGE: &str = "message";
