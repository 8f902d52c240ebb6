//! One span, with its events and links.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use opentelemetry::SpanId;
use opentelemetry::TraceFlags;
use opentelemetry::trace::Event;
use opentelemetry::trace::Link;
use opentelemetry::trace::SpanKind;
use opentelemetry::trace::Status;
use opentelemetry::trace::TraceState;
use opentelemetry_sdk::trace::SpanData;

use super::value::attributes;
use super::wire::Expected;
use super::wire::Writer;

/// Writes the fields of a `Span`.
pub(super) fn span(writer: &mut Writer, span: &SpanData) {
    let context = &span.span_context;
    writer.bytes(1, &context.trace_id().to_bytes());
    writer.bytes(2, &context.span_id().to_bytes());
    trace_state(writer, 3, context.trace_state());
    if span.parent_span_id != SpanId::INVALID {
        writer.bytes(4, &span.parent_span_id.to_bytes());
    }
    writer.text(5, &span.name);
    writer.varint(6, kind(&span.span_kind));
    writer.fixed64(7, nanoseconds(span.start_time));
    writer.fixed64(8, nanoseconds(span.end_time));
    attributes(writer, 9, &span.attributes);
    writer.number(10, span.dropped_attributes_count.into());
    for one in &span.events.events {
        writer.nested(11, Expected::Small, |writer| event(writer, one));
    }
    writer.number(12, span.events.dropped_count.into());
    for one in &span.links.links {
        writer.nested(13, Expected::Small, |writer| link(writer, one));
    }
    writer.number(14, span.links.dropped_count.into());
    writer.nested(15, Expected::Small, |writer| status(writer, &span.status));
    writer.fixed32(16, flags(context.trace_flags(), span.parent_span_is_remote));
}

fn event(writer: &mut Writer, event: &Event) {
    writer.fixed64(1, nanoseconds(event.timestamp));
    writer.text(2, &event.name);
    attributes(writer, 3, &event.attributes);
    writer.number(4, event.dropped_attributes_count.into());
}

fn link(writer: &mut Writer, link: &Link) {
    let context = &link.span_context;
    writer.bytes(1, &context.trace_id().to_bytes());
    writer.bytes(2, &context.span_id().to_bytes());
    trace_state(writer, 3, context.trace_state());
    attributes(writer, 4, &link.attributes);
    writer.number(5, link.dropped_attributes_count.into());
    writer.fixed32(6, flags(context.trace_flags(), context.is_remote()));
}

fn status(writer: &mut Writer, status: &Status) {
    match status {
        Status::Unset => {}
        Status::Ok => writer.number(3, 1),
        Status::Error { description } => {
            writer.text(2, description);
            writer.number(3, 2);
        }
    }
}

/// Writes it as in the header `tracestate`, without the strings that `TraceState::header` makes.
fn trace_state(writer: &mut Writer, field: u32, state: &TraceState) {
    let length = state
        .into_iter()
        .map(|(key, value)| key.len() + value.len() + 2);
    // Without the comma at the end.
    let Some(length) = length.sum::<usize>().checked_sub(1) else {
        return;
    };
    writer.head(field, length);
    for (index, (key, value)) in state.into_iter().enumerate() {
        if index > 0 {
            writer.encoded(b",");
        }
        writer.encoded(key.as_bytes());
        writer.encoded(b"=");
        writer.encoded(value.as_bytes());
    }
}

/// The flags of the trace, and whether the parent or the linked span is remote.
fn flags(flags: TraceFlags, is_remote: bool) -> u32 {
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(flags.to_u8()) | HAS_IS_REMOTE | remote
}

fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// Nanoseconds since 1970: zero for times before, and truncated for times after 2554.
fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs().wrapping_mul(1_000_000_000);
    seconds.wrapping_add(since.subsec_nanos().into())
}

const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;
