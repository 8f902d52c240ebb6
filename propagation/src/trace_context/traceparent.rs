//! The `traceparent` header: fixed offsets, lower-case hexadecimal, nothing optional.
//!
//! See <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use opentelemetry::{
    Context,
    trace::{SpanId, TraceContextExt, TraceFlags, TraceId},
};

use super::incoming::Incoming;
use crate::{hex, whitespace};

/// The content of a valid `traceparent` of any version.
#[derive(Debug, PartialEq)]
pub(super) struct TraceParent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) flags: TraceFlags,
}

impl TraceParent {
    /// Reads one header line; `None` if the trace has to be restarted.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (fixed, future) = whitespace::trim(line)
            .as_bytes()
            .split_first_chunk::<LENGTH>()?;
        let [v0, v1, b'-', ids @ .., b'-', f0, f1] = fixed else {
            return None;
        };
        // Only version 00 forbids trailing data; later ones may append `-` and anything.
        match (hex::decode::<2>(&[*v0, *v1])?, future) {
            (0xff, _) => return None,
            (0, []) | (1.., [] | [b'-', ..]) => {}
            _ => return None,
        }
        let (trace_id, [b'-', span_id @ ..]) = ids.split_first_chunk::<32>()? else {
            return None;
        };
        let flags = u8::try_from(hex::decode::<2>(&[*f0, *f1])?).ok()?;
        Some(Self {
            trace_id: hex::trace_id(trace_id)?,
            span_id: hex::span_id(span_id)?,
            flags: TraceFlags::new(flags) & KNOWN_FLAGS,
        })
    }

    /// The content to send for the active span; `None` if that is not valid.
    pub(super) fn of(context: &Context) -> Option<Self> {
        let span = context.span();
        let span_context = span.span_context();
        let incoming = Incoming::of(context, span_context.trace_id());
        span_context.is_valid().then(|| Self {
            trace_id: span_context.trace_id(),
            span_id: span_context.span_id(),
            flags: span_context.trace_flags()
                | incoming.map_or(TraceFlags::default(), Incoming::flags),
        })
    }

    /// Writes version 00 with the flags that this level of the specification defines.
    pub(super) fn header(&self) -> String {
        self.header_after("")
    }

    /// The same, behind `prefix`.
    pub(super) fn header_after(&self, prefix: &str) -> String {
        let flags = (self.flags & KNOWN_FLAGS).to_u8();
        let mut header = Vec::with_capacity(prefix.len() + LENGTH);
        header.extend_from_slice(prefix.as_bytes());
        header.extend_from_slice(b"00-");
        header.extend_from_slice(&hex::of_trace_id(self.trace_id));
        header.push(b'-');
        header.extend_from_slice(&hex::of_span_id(self.span_id));
        header.push(b'-');
        header.extend_from_slice(&hex::of_byte(flags));
        hex::into_text(header)
    }
}

/// All other bits are ignored when read and zero when sent.
const KNOWN_FLAGS: TraceFlags = TraceFlags::new(0x03);

/// The length of version 00, and the least length of every later one.
const LENGTH: usize = 55;

#[cfg(test)]
mod tests;
