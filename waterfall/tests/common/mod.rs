//! Requests of OTLP, and the real program.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// A span of kind server of the trace with this number. Times are in milliseconds since the epoch.
pub(crate) fn span(trace: u128, id: u64, parent: u64, name: &str, ms: [u64; 2]) -> Span {
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: match parent {
            0 => Vec::new(),
            parent => parent.to_be_bytes().to_vec(),
        },
        name: name.to_owned(),
        kind: 2,
        start_time_unix_nano: EPOCH + ms[0] * 1_000_000,
        end_time_unix_nano: EPOCH + ms[1] * 1_000_000,
        ..Span::default()
    }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

pub(crate) fn resource(service: &str) -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", service)],
        ..Resource::default()
    })
}

pub(crate) fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(service),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

pub(crate) fn log(trace: u128, span: u64, message: &str) -> ExportLogsServiceRequest {
    let record = LogRecord {
        time_unix_nano: EPOCH,
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: span.to_be_bytes().to_vec(),
        body: text("", message).value,
        ..LogRecord::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource("orders"),
            scope_logs: vec![ScopeLogs {
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

/// Everything that a sender can name is this text.
pub(crate) fn hostile(
    text_everywhere: &str,
) -> (ExportTraceServiceRequest, ExportLogsServiceRequest) {
    let attribute = text(text_everywhere, text_everywhere);
    let mut root = span(7, 1, 0, text_everywhere, [0, 100]);
    root.attributes = vec![attribute.clone(), text("error.type", text_everywhere)];
    root.status = Some(Status {
        message: text_everywhere.to_owned(),
        code: 2,
    });
    root.events = vec![Event {
        name: text_everywhere.to_owned(),
        attributes: vec![attribute.clone()],
        ..Event::default()
    }];
    root.links = vec![Link {
        trace_id: 8_u128.to_be_bytes().to_vec(),
        span_id: vec![1; 8],
        ..Link::default()
    }];
    let mut call = span(7, 2, 1, text_everywhere, [10, 90]);
    call.kind = 3;
    call.attributes = vec![text("db.system.name", text_everywhere), attribute];
    (
        request(text_everywhere, vec![root, call]),
        log(7, 1, text_everywhere),
    )
}

/// The running program, on ports that the system has chosen.
pub(crate) struct Program {
    child: Child,
    /// Until somebody takes it.
    pub(crate) stdout: Option<BufReader<ChildStdout>>,
    pub(crate) stderr: BufReader<ChildStderr>,
    pub(crate) grpc: String,
    pub(crate) http: String,
    pub(crate) page: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .args(["--grpc", ANY, "--http", ANY, "--page", ANY])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        // OTLP on 127.0.0.1:1 (gRPC) and 127.0.0.1:2 (HTTP), page on http://127.0.0.1:3
        let words: Vec<_> = line.split_whitespace().collect();
        let [
            "OTLP",
            "on",
            grpc,
            "(gRPC)",
            "and",
            http,
            "(HTTP),",
            "page",
            "on",
            page,
        ] = words[..]
        else {
            panic!("{line}");
        };
        Self {
            child,
            stdout: Some(stdout),
            stderr,
            grpc: format!("http://{grpc}"),
            http: format!("http://{http}"),
            page: page.to_owned(),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the program to end, and returns its output until then, and whether it succeeded.
    pub(crate) fn stop(mut self, signal: &str) -> (String, String, bool) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        self.end()
    }

    pub(crate) fn end(&mut self) -> (String, String, bool) {
        let (mut printed, mut said) = (String::new(), String::new());
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut printed).unwrap();
        }
        self.stderr.read_to_string(&mut said).unwrap();
        (printed, said, self.child.wait().unwrap().success())
    }

    /// Reads until a line begins with this text.
    pub(crate) fn read_until(&mut self, start: &str) -> String {
        let mut all = String::new();
        for line in self.stdout.as_mut().unwrap().by_ref().lines() {
            let line = line.unwrap();
            all.push_str(&line);
            all.push('\n');
            if line.starts_with(start) {
                return all;
            }
        }
        panic!("nothing begins with {start}: {all}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otel-waterfall"));
    command.args(arguments);
    command
}

const ANY: &str = "127.0.0.1:0";
const EPOCH: u64 = 1_700_000_000_000_000_000;
