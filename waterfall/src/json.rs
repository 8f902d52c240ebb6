//! One span as one line of JSON, for scripts.

use std::io::{self, Write};

use serde::Serialize;

use crate::attributes::Attributes;
use crate::span::{Kind, Span, Status};
use crate::trace::Trace;

/// Writes each span of the trace as one JSON object a line.
///
/// The fields are `trace_id`, `span_id`, `parent_span_id` (absent on roots), `service`, `name`,
/// `kind`, `start_unix_nano`, `duration_ns`, `status` and `attributes`. Times are by the clock of
/// the span's own service.
///
/// # Errors
/// If `out` cannot be written to.
pub fn print_json(trace: &Trace, out: &mut impl Write) -> io::Result<()> {
    for span in trace.spans() {
        serde_json::to_writer(&mut *out, &Line::from(span))?;
        writeln!(out)?;
    }
    out.flush()
}

#[derive(Serialize)]
struct Line<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    service: &'a str,
    name: &'a str,
    kind: Kind,
    start_unix_nano: u64,
    duration_ns: u64,
    status: Status,
    attributes: &'a Attributes,
}

impl<'a> From<&'a Span> for Line<'a> {
    fn from(span: &'a Span) -> Self {
        Self {
            trace_id: span.trace_id.to_string(),
            span_id: span.span_id.to_string(),
            parent_span_id: span.parent_span_id.map(|id| id.to_string()),
            service: &span.service,
            name: &span.name,
            kind: span.kind,
            start_unix_nano: span
                .start_unix_nano
                .saturating_add_signed(span.clock_ahead_nano),
            duration_ns: span.end_unix_nano.saturating_sub(span.start_unix_nano),
            status: span.status,
            attributes: &span.attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{call, span};

    #[test]
    fn one_object_a_line_and_no_parent_on_the_root() {
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        let call = call(2, 1, "gateway", "POST", 1..9)
            .with("http.response.status_code", 402)
            .failed("declined");

        let mut out = Vec::new();
        print_json(&Trace::new(vec![root, call]), &mut out).unwrap();

        let lines: Vec<Value> = String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            lines,
            [
                json!({
                    "trace_id": "00000000000000000000000000000001",
                    "span_id": "0000000000000001",
                    "service": "gateway",
                    "name": "POST /checkout",
                    "kind": "server",
                    "start_unix_nano": 0,
                    "duration_ns": 10_000_000,
                    "status": "unset",
                    "attributes": {},
                }),
                json!({
                    "trace_id": "00000000000000000000000000000001",
                    "span_id": "0000000000000002",
                    "parent_span_id": "0000000000000001",
                    "service": "gateway",
                    "name": "POST",
                    "kind": "client",
                    "start_unix_nano": 1_000_000,
                    "duration_ns": 8_000_000,
                    "status": "error",
                    "attributes": {
                        "http.request.method": "POST",
                        "http.response.status_code": 402,
                        "error.type": "declined",
                    },
                }),
            ]
        );
    }
}
