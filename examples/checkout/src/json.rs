//! One span as one line of JSON, for scripts.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::trace::{Kind, Span, Status, Trace};

pub(crate) fn print(trace: &Trace, out: &mut impl Write) -> io::Result<()> {
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
    attributes: &'a Map<String, Value>,
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
            start_unix_nano: span.start_unix_nano,
            duration_ns: span.end_unix_nano.saturating_sub(span.start_unix_nano),
            status: span.status,
            attributes: &span.attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trace::tests::span;

    #[test]
    fn one_object_a_line_and_no_parent_on_the_root() {
        let root = span(1, 0, "gateway", "POST /checkout", 0..10);
        let mut call = span(2, 1, "gateway", "POST", 1..9);
        call.kind = Kind::Client;
        call.status = Status::Error;
        call.attributes
            .insert("http.response.status_code".to_owned(), json!(402));

        let mut out = Vec::new();
        print(&Trace::new(vec![root, call]), &mut out).unwrap();

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
                    "attributes": { "http.response.status_code": 402 },
                }),
            ]
        );
    }
}
