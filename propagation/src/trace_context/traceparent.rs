//! The `traceparent` header: fixed offsets, lower-case hexadecimal, nothing optional.
//!
//! See <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use opentelemetry::{
    Context,
    trace::{SpanId, TraceContextExt, TraceFlags, TraceId},
};

use super::incoming::Incoming;
use crate::{hex, whitespace};

/// What a valid `traceparent` says, whatever its version.
#[derive(Debug, PartialEq)]
pub(super) struct TraceParent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) flags: TraceFlags,
}

impl TraceParent {
    /// Reads one header line, `None` if the trace has to be restarted.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (fixed, future) = whitespace::trim(line)
            .as_bytes()
            .split_first_chunk::<LENGTH>()?;
        let [v0, v1, b'-', ids @ .., b'-', f0, f1] = fixed else {
            return None;
        };
        // Only version 00 says that nothing may follow; later ones may append `-` and anything.
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

    /// What to say of the active span, `None` if it is not a valid one.
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

    /// Writes version 00 with the flags this level of the specification defines.
    pub(super) fn header(&self) -> String {
        self.header_after("")
    }

    /// The same, behind something else.
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
mod tests {
    use super::*;

    const TRACE_ID: TraceId = TraceId::from_bytes(*b"\x124Vx\x90\x124Vx\x90\x124Vx\x90\x12");

    #[test]
    fn valid_lines_are_read() {
        let cases = [
            ("00-12345678901234567890123456789012-1234567890123456-00", 0),
            ("00-12345678901234567890123456789012-1234567890123456-01", 1),
            ("00-12345678901234567890123456789012-1234567890123456-02", 2),
            ("00-12345678901234567890123456789012-1234567890123456-03", 3),
            // Unknown flags are ignored.
            ("00-12345678901234567890123456789012-1234567890123456-ff", 3),
            ("00-12345678901234567890123456789012-1234567890123456-fc", 0),
            // Optional whitespace that a carrier left in place.
            (
                " 00-12345678901234567890123456789012-1234567890123456-01",
                1,
            ),
            (
                "\t00-12345678901234567890123456789012-1234567890123456-01",
                1,
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-01 ",
                1,
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-01\t",
                1,
            ),
            (
                "\t 00-12345678901234567890123456789012-1234567890123456-01 \t",
                1,
            ),
            // Versions to come.
            ("01-12345678901234567890123456789012-1234567890123456-01", 1),
            ("cc-12345678901234567890123456789012-1234567890123456-01", 1),
            (
                "fe-12345678901234567890123456789012-1234567890123456-01-",
                1,
            ),
            (
                "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
                1,
            ),
        ];
        for (line, flags) in cases {
            let expected = TraceParent {
                trace_id: TRACE_ID,
                span_id: SpanId::from(0x1234_5678_9012_3456),
                flags: TraceFlags::new(flags),
            };
            assert_eq!(TraceParent::parse(line), Some(expected), "{line:?}");
        }
    }

    #[test]
    fn invalid_lines_are_refused() {
        let cases = [
            ("", "empty"),
            ("\u{fffd}", "a line that was not text"),
            (
                "00-12345678901234567890123456789012-1234567890123456-01.",
                "trailing byte",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-01-",
                "trailing dash",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-01-what",
                "more in version 00",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-01,",
                "a list",
            ),
            (
                "cc-12345678901234567890123456789012-1234567890123456-01.what",
                "no dash",
            ),
            (
                "cc-12345678901234567890123456789012-1234567890123456-0",
                "short future version",
            ),
            (
                "ff-12345678901234567890123456789012-1234567890123456-01",
                "version ff",
            ),
            (
                "FE-12345678901234567890123456789012-1234567890123456-01",
                "upper-case version",
            ),
            (
                ".0-12345678901234567890123456789012-1234567890123456-01",
                "version",
            ),
            (
                "0.-12345678901234567890123456789012-1234567890123456-01",
                "version",
            ),
            (
                "000-12345678901234567890123456789012-1234567890123456-01",
                "long version",
            ),
            (
                "0000-12345678901234567890123456789012-1234567890123456-01",
                "long version",
            ),
            (
                "0-12345678901234567890123456789012-1234567890123456-01",
                "short version",
            ),
            (
                "00-00000000000000000000000000000000-1234567890123456-01",
                "zero trace id",
            ),
            (
                "00-.2345678901234567890123456789012-1234567890123456-01",
                "trace id",
            ),
            (
                "00-1234567890123456789012345678901.-1234567890123456-01",
                "trace id",
            ),
            (
                "00-+2345678901234567890123456789012-1234567890123456-01",
                "signed trace id",
            ),
            (
                "00-1234567890123456789012345678901A-1234567890123456-01",
                "upper-case trace id",
            ),
            (
                "00-123456789012345678901234567890123-1234567890123456-01",
                "long trace id",
            ),
            (
                "00-1234567890123456789012345678901-1234567890123456-01",
                "short trace id",
            ),
            (
                "00-12345678901234567890123456789012-0000000000000000-01",
                "zero parent id",
            ),
            (
                "00-12345678901234567890123456789012-.234567890123456-01",
                "parent id",
            ),
            (
                "00-12345678901234567890123456789012-123456789012345.-01",
                "parent id",
            ),
            (
                "00-12345678901234567890123456789012-123456789012345B-01",
                "upper-case parent id",
            ),
            (
                "00-12345678901234567890123456789012-12345678901234567-01",
                "long parent id",
            ),
            (
                "00-12345678901234567890123456789012-123456789012345-01",
                "short parent id",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-.0",
                "flags",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-0.",
                "flags",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-0A",
                "upper-case flags",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-001",
                "long flags",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-1",
                "short flags",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456-",
                "no flags",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456",
                "no flags",
            ),
            (
                "00_12345678901234567890123456789012-1234567890123456-01",
                "first separator",
            ),
            (
                "00-12345678901234567890123456789012_1234567890123456-01",
                "second separator",
            ),
            (
                "00-12345678901234567890123456789012-1234567890123456_01",
                "third separator",
            ),
            (
                "00-1234567890123456789012345678901é-1234567890123456-01",
                "not ASCII",
            ),
            (
                "\n00-12345678901234567890123456789012-1234567890123456-01",
                "line break",
            ),
        ];
        for (line, reason) in cases {
            assert_eq!(TraceParent::parse(line), None, "{reason}: {line:?}");
        }
    }

    #[test]
    fn header_is_version_00_with_known_flags_and_no_spare_capacity() {
        for (flags, expected) in [(0x00, "00"), (0x01, "01"), (0x02, "02"), (0xff, "03")] {
            let header = TraceParent {
                trace_id: TRACE_ID,
                span_id: SpanId::from(0xab),
                flags: TraceFlags::new(flags),
            }
            .header();

            assert_eq!(
                header,
                format!("00-12345678901234567890123456789012-00000000000000ab-{expected}")
            );
            assert_eq!(header.capacity(), header.len());
        }
    }
}
