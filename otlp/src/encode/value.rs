//! Attributes: a key and a value of one of several types.

use opentelemetry::Array;
use opentelemetry::KeyValue;
use opentelemetry::Value;

use super::wire::Writer;
use super::wire::field_len;
use super::wire::text_len;
use super::wire::varint_len;

pub(super) fn attributes<'a>(
    writer: &mut Writer,
    field: u32,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for attribute in attributes {
        key_value(writer, field, attribute.key.as_str(), &attribute.value);
    }
}

pub(super) fn key_value(writer: &mut Writer, field: u32, key: &str, value: &Value) {
    match value {
        Value::Bool(value) => scalar(writer, field, key, Scalar::Bool(*value)),
        Value::I64(value) => scalar(writer, field, key, Scalar::Int(*value)),
        Value::F64(value) => scalar(writer, field, key, Scalar::Double(*value)),
        Value::String(value) => scalar(writer, field, key, Scalar::Text(value.as_str())),
        Value::Array(values) => array(writer, field, key, values),
        // If the API adds a type, its text is written.
        other => scalar(writer, field, key, Scalar::Text(&other.as_str())),
    }
}

fn scalar(writer: &mut Writer, field: u32, key: &str, value: Scalar<'_>) {
    let length = value.len();
    key_before(writer, field, key, length);
    if let Scalar::Text(text) = value {
        writer.heads((VALUE, length), (any::STRING, text.len()));
        writer.encoded(text.as_bytes());
    } else {
        writer.head(VALUE, length);
        value.write(writer);
    }
}

fn array(writer: &mut Writer, field: u32, key: &str, values: &Array) {
    let mut length = 0;
    each(values, &mut |value| length += field_len(value.len()));
    key_before(writer, field, key, field_len(length));
    writer.heads((VALUE, field_len(length)), (any::ARRAY, length));
    each(values, &mut |value| {
        writer.head(ARRAY_VALUES, value.len());
        value.write(writer);
    });
}

/// The beginning of an attribute with its key. Its value comes next and has this length.
fn key_before(writer: &mut Writer, field: u32, key: &str, value: usize) {
    let length = text_len(key) + field_len(value);
    if key.is_empty() {
        writer.head(field, length);
    } else {
        writer.heads((field, length), (KEY, key.len()));
        writer.encoded(key.as_bytes());
    }
}

fn each(values: &Array, visit: &mut dyn FnMut(Scalar<'_>)) {
    match values {
        Array::Bool(values) => values.iter().for_each(|value| visit(Scalar::Bool(*value))),
        Array::I64(values) => values.iter().for_each(|value| visit(Scalar::Int(*value))),
        Array::F64(values) => values
            .iter()
            .for_each(|value| visit(Scalar::Double(*value))),
        Array::String(values) => values
            .iter()
            .for_each(|value| visit(Scalar::Text(value.as_str()))),
        other => visit(Scalar::Text(&other.to_string())),
    }
}

/// An `AnyValue` that contains no others. It is written even if it is zero or empty.
#[derive(Clone, Copy, Debug)]
enum Scalar<'a> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    fn len(self) -> usize {
        match self {
            Self::Bool(_) => 2,
            Self::Int(value) => 1 + varint_len(value as u64),
            Self::Double(_) => 9,
            Self::Text(value) => field_len(value.len()),
        }
    }

    fn write(self, writer: &mut Writer) {
        match self {
            Self::Bool(value) => writer.varint(any::BOOL, u64::from(value)),
            Self::Int(value) => writer.varint(any::INT, value as u64),
            Self::Double(value) => writer.double(any::DOUBLE, value),
            Self::Text(value) => writer.bytes(any::STRING, value.as_bytes()),
        }
    }
}

// Field of `KeyValue`.
const KEY: u32 = 1;
const VALUE: u32 = 2;
// Field of `ArrayValue`.
const ARRAY_VALUES: u32 = 1;

/// The fields of `AnyValue`.
mod any {
    pub(super) const STRING: u32 = 1;
    pub(super) const BOOL: u32 = 2;
    pub(super) const INT: u32 = 3;
    pub(super) const DOUBLE: u32 = 4;
    pub(super) const ARRAY: u32 = 5;
}
