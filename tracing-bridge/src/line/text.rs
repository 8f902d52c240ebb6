//! Lines for people.

use std::error::Error;
use std::fmt::{self, Write};
use std::time::SystemTime;

use opentelemetry::{KeyValue, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use tracing_subscriber::registry::LookupSpan;

use super::escaped::Plain;
use super::place::{Fields, Place, with_target};
use super::timestamp;
use crate::record::{is_log, is_metadata};
use crate::value::with_causes;

pub(super) fn write<S: for<'a> LookupSpan<'a>>(
    out: &mut dyn Write,
    ansi: bool,
    with_span_fields: bool,
    event: &Event<'_>,
    place: &Place<'_, S>,
) -> fmt::Result {
    let paint = Paint(ansi);
    out.write_str(paint.start(DIM))?;
    timestamp::write(out, SystemTime::now())?;
    out.write_str(paint.end())?;
    let (colour, level) = level(*event.metadata().level());
    out.write_str(" ")?;
    out.write_str(paint.start(colour))?;
    out.write_str(level)?;
    out.write_str(paint.end())?;
    out.write_str(" ")?;

    let mut has_spans = false;
    place.spans(with_span_fields, &mut |name, fields| {
        has_spans = true;
        out.write_str(paint.start(BOLD))?;
        out.write_str(name)?;
        out.write_str(paint.end())?;
        write_fields(out, fields)?;
        out.write_str(":")
    })?;
    if has_spans {
        out.write_str(" ")?;
    }
    out.write_str(paint.start(DIM))?;
    with_target(event, &mut |target| Plain(out).write_str(target))?;
    out.write_str(":")?;
    out.write_str(paint.end())?;

    let mut fields = Text {
        out,
        is_log: is_log(event.metadata()),
        result: Ok(()),
    };
    event.record(&mut fields);
    fields.result?;

    let mut is_first = true;
    place.trace(event, &mut |name, value| {
        if is_first {
            out.write_str(" ")?;
            out.write_str(paint.start(DIM))?;
            write!(Plain(out), "{name}={value}")?;
            is_first = false;
            return Ok(());
        }
        write!(Plain(out), " {name}={value}")
    })?;
    if !is_first {
        out.write_str(paint.end())?;
    }
    out.write_str("\n")
}

fn write_fields(out: &mut dyn Write, fields: &Fields<'_>) -> fmt::Result {
    match fields {
        Fields::Formatted("") | Fields::Kept([]) => Ok(()),
        Fields::Formatted(text) => write!(out, "{{{text}}}"),
        Fields::Kept(fields) => {
            let mut before = "{";
            for KeyValue { key, value, .. } in *fields {
                out.write_str(before)?;
                out.write_str(key.as_str())?;
                out.write_str("=")?;
                match value {
                    Value::String(text) if is_word(text.as_str()) => {
                        out.write_str(text.as_str())?;
                    }
                    Value::String(text) => write!(out, "{:?}", text.as_str())?,
                    other => write!(out, "{other}")?,
                }
                before = " ";
            }
            out.write_str("}")
        }
    }
}

/// Whether the text can be written without quotes.
fn is_word(text: &str) -> bool {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-_./:@%+?&#~".contains(&it);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// The fields of an event: the message as it is, others with their name.
struct Text<'a> {
    out: &'a mut dyn Write,
    is_log: bool,
    result: fmt::Result,
}

impl Text<'_> {
    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if self.result.is_err() || self.is_log && is_metadata(field.name()) {
            return;
        }
        let name = match field.name() {
            "message" => "",
            name => name,
        };
        let equals = if name.is_empty() { "" } else { "=" };
        self.result = [" ", name, equals]
            .into_iter()
            .try_for_each(|part| self.out.write_str(part))
            .and_then(|()| Plain(self.out).write_fmt(value));
    }
}

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.put(field, format_args!("{value}")),
            _ => self.put(field, format_args!("{value:?}")),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        with_causes(value, |text| self.put(field, format_args!("{text}")));
    }
}

/// Whether to write colours.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn start(self, code: &'static str) -> &'static str {
        if self.0 { code } else { "" }
    }

    fn end(self) -> &'static str {
        self.start("\u{1b}[0m")
    }
}

fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::TRACE => ("\u{1b}[35m", "TRACE"),
        Level::DEBUG => ("\u{1b}[34m", "DEBUG"),
        Level::INFO => ("\u{1b}[32m", " INFO"),
        Level::WARN => ("\u{1b}[33m", " WARN"),
        Level::ERROR => ("\u{1b}[31m", "ERROR"),
    }
}

const DIM: &str = "\u{1b}[2m";
const BOLD: &str = "\u{1b}[1m";
