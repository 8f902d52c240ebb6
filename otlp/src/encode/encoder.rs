//! Encodes a batch of spans as one request.

use std::mem;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use bytes::Bytes;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use super::encoded::EncodedSpans;
use super::encoded::Scope;
use super::encoded::fields;
use super::scopes::by_scope;
use super::span::span;
use super::value::attributes;
use super::value::key_value;
use super::wire::Expected;
use super::wire::Writer;
use super::wire::text_len;

/// Writes requests with the spans of one resource.
#[derive(Debug)]
pub(crate) struct SpanEncoder {
    /// The field of the resource, and that of its schema.
    resource: Bytes,
    schema_url: Bytes,
    /// The last request. The next one is written to its memory.
    last: Mutex<Bytes>,
}

impl SpanEncoder {
    pub(crate) fn new(resource: &Resource) -> Self {
        let mut encoded = Writer::new(Vec::new());
        encoded.nested(fields::RESOURCE, Expected::Medium, |writer| {
            for (key, value) in resource {
                key_value(writer, 1, key.as_str(), value);
            }
        });
        let mut schema_url = Writer::new(Vec::new());
        schema_url.text(
            fields::SCHEMA_URL,
            resource.schema_url().unwrap_or_default(),
        );
        Self {
            resource: encoded.into_bytes().into(),
            schema_url: schema_url.into_bytes().into(),
            last: Mutex::default(),
        }
    }

    /// Writes all spans into one request, ordered by scope.
    pub(crate) fn encode(&self, spans: &[SpanData]) -> EncodedSpans {
        let spans = by_scope(spans);
        let mut writer = Writer::new(self.buffer(spans.len()));
        let mut scopes = Vec::new();
        let mut ends = Vec::with_capacity(spans.len());
        writer.nested(fields::RESOURCE_SPANS, Expected::Large, |writer| {
            writer.encoded(&self.resource);
            for spans in spans.chunk_by(|(one, _), (other, _)| one == other) {
                scopes.extend(scope_spans(writer, spans, &mut ends));
            }
            writer.encoded(&self.schema_url);
        });
        let buffer = writer.into_bytes();
        let is_kept = buffer.capacity() <= KEPT;
        let bytes = Bytes::from(buffer);
        if is_kept {
            *self.last() = bytes.clone();
        }
        EncodedSpans {
            bytes,
            resource: self.resource.clone(),
            schema_url: self.schema_url.clone(),
            scopes,
            ends,
        }
    }

    /// The memory of the last request, if nothing else still holds it. An export that runs at the
    /// same time may hold it, or a connection that was given up. The new request then gets memory
    /// of its own, which later requests use.
    fn buffer(&self, spans: usize) -> Vec<u8> {
        let mut last = mem::take(&mut *self.last());
        if last.is_unique() {
            // Without this, the contents would be copied to the front, wherever they are.
            last.clear();
            return Vec::from(last);
        }
        Vec::with_capacity(self.resource.len() + spans * ORDINARY)
    }

    fn last(&self) -> MutexGuard<'_, Bytes> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a `ScopeSpans` of spans that have the same scope.
fn scope_spans(
    writer: &mut Writer,
    spans: &[(usize, &SpanData)],
    ends: &mut Vec<usize>,
) -> Option<Scope> {
    let (_, first) = spans.first()?;
    let scope = &first.instrumentation_scope;
    let schema_url = scope.schema_url().unwrap_or_default();
    let mut head = 0;
    let mut end = ends.last().copied().unwrap_or_default();
    let length = writer.nested(fields::SCOPE_SPANS, Expected::Large, |writer| {
        head = writer.nested(fields::SCOPE, Expected::Small, |writer| {
            instrumentation_scope(writer, scope);
        });
        for (_, one) in spans {
            end += writer.nested(fields::SPANS, Expected::Medium, |writer| span(writer, one));
            ends.push(end);
        }
        writer.text(fields::SCHEMA_URL, schema_url);
    });
    Some(Scope {
        end: ends.len(),
        length,
        head,
        tail: text_len(schema_url),
    })
}

fn instrumentation_scope(writer: &mut Writer, scope: &InstrumentationScope) {
    writer.text(1, scope.name());
    writer.text(2, scope.version().unwrap_or_default());
    attributes(writer, 3, scope.attributes());
}

/// Bytes reserved for a span at first.
const ORDINARY: usize = 512;
/// The memory of a request larger than this is freed: the largest request ever is not the usual
/// one.
const KEPT: usize = 1024 * 1024;
