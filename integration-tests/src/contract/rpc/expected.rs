//! The telemetry that one call must leave on both sides.

use std::net::SocketAddr;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;

use crate::observed::{ExpectedSpan, assert_duration, only_point};
use crate::semconv::{DURATION_BUCKETS, SCHEMA_URL};

/// The facts of one call. Its attributes and labels follow from them.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The method's name, if the client recognises it.
    pub client_method: Option<&'static str>,
    /// The same for the server.
    pub server_method: Option<&'static str>,
    /// The method that was called.
    pub asked: &'static str,
    /// Whether the server answered, so that the client knows its address.
    pub client_peer: bool,
    /// `rpc.status_code` on the client.
    pub client_code: &'static str,
    /// `rpc.status_code` on the server.
    pub server_code: &'static str,
    /// The client's `error.type`.
    pub client_error: Option<&'static str>,
    /// The server's `error.type`.
    pub server_error: Option<&'static str>,
    /// The description of the status of the client's span.
    pub client_message: &'static str,
    /// The description of the status of the server's span.
    pub server_message: &'static str,
}

impl Expected {
    /// A call that both sides recognise and that ends with this code and message.
    #[must_use]
    pub fn call(method: &'static str, code: &'static str, message: &'static str) -> Self {
        let client_error = (code != "OK").then_some(code);
        let server_error = SERVER_ERRORS.contains(&code).then_some(code);
        Self {
            client_method: Some(method),
            server_method: Some(method),
            asked: method,
            client_peer: true,
            client_code: code,
            server_code: code,
            client_error,
            server_error,
            client_message: message,
            server_message: message,
        }
    }

    /// Compares the client's span, and the client's metric.
    pub fn assert_client(&self, capture: &Capture, server: SocketAddr, span: &SpanData) {
        let target = [
            KeyValue::new("server.address", server.ip().to_string()),
            KeyValue::new("server.port", i64::from(server.port())),
        ];
        let mut labels = self.labels(self.client_method, self.client_code, self.client_error);
        labels.extend(target.clone());
        let mut attributes = self.attributes(self.client_method, &labels);
        if self.client_peer {
            attributes.push(KeyValue::new(
                "network.peer.address",
                server.ip().to_string(),
            ));
            attributes.push(KeyValue::new("network.peer.port", i64::from(server.port())));
        }
        ExpectedSpan {
            name: self.client_method.unwrap_or("grpc").to_owned(),
            kind: SpanKind::Client,
            attributes,
            status: status(self.client_error, self.client_message),
            ..expected_span(span)
        }
        .assert(span);
        assert_duration(capture, "rpc.client.call.duration", &labels, span);
        assert_definition(capture, "rpc.client.call.duration", "an outgoing", span);
    }

    /// Compares the server's span, and the server's metric.
    pub fn assert_server(
        &self,
        capture: &Capture,
        server: SocketAddr,
        knows_peer: bool,
        span: &SpanData,
    ) {
        let labels = self.labels(self.server_method, self.server_code, self.server_error);
        let mut attributes = self.attributes(self.server_method, &labels);
        attributes.push(KeyValue::new("server.address", server.ip().to_string()));
        attributes.push(KeyValue::new("server.port", i64::from(server.port())));
        if knows_peer {
            // The port is the client's own, and the client does not report it.
            let is_port = |it: &&KeyValue| it.key.as_str() == "network.peer.port";
            attributes.push(KeyValue::new("network.peer.address", "127.0.0.1"));
            attributes.extend(span.attributes.iter().find(is_port).cloned());
        }
        ExpectedSpan {
            name: self.server_method.unwrap_or("grpc").to_owned(),
            kind: SpanKind::Server,
            attributes,
            status: status(self.server_error, self.server_message),
            ..expected_span(span)
        }
        .assert(span);
        assert_duration(capture, "rpc.server.call.duration", &labels, span);
        assert_definition(capture, "rpc.server.call.duration", "an incoming", span);
    }

    fn labels(
        &self,
        method: Option<&'static str>,
        code: &'static str,
        error_type: Option<&'static str>,
    ) -> Vec<KeyValue> {
        let mut labels = vec![
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", method.unwrap_or("_OTHER")),
            KeyValue::new("rpc.status_code", code),
        ];
        labels.extend(error(error_type));
        labels
    }

    fn attributes(&self, method: Option<&'static str>, labels: &[KeyValue]) -> Vec<KeyValue> {
        let mut attributes = labels.to_vec();
        if method.is_none() {
            attributes.push(KeyValue::new("rpc.method_original", self.asked));
        }
        attributes
    }
}

/// The metric is one of the conventions, and the span has their schema.
fn assert_definition(capture: &Capture, metric: &str, direction: &str, span: &SpanData) {
    let description = format!("Measures the duration of {direction} Remote Procedure Call (RPC).");
    let found = capture.description_and_unit(metric);
    assert_eq!(found, Some((description, "s".to_owned())));
    assert_eq!(only_point(capture, metric).bounds, DURATION_BUCKETS);
    let scope = &span.instrumentation_scope;
    assert_eq!(scope.name(), "otel-middleware-tonic");
    assert_eq!(scope.schema_url(), Some(SCHEMA_URL));
}

/// The codes that are the server's fault.
const SERVER_ERRORS: [&str; 6] = [
    "UNKNOWN",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
];

/// Parent and links are compared elsewhere.
fn expected_span(span: &SpanData) -> ExpectedSpan {
    let parent = opentelemetry::trace::SpanContext::new(
        span.span_context.trace_id(),
        span.parent_span_id,
        opentelemetry::TraceFlags::SAMPLED,
        span.parent_span_is_remote,
        opentelemetry::trace::TraceState::NONE,
    );
    ExpectedSpan {
        name: String::new(),
        kind: SpanKind::Internal,
        attributes: Vec::new(),
        status: Status::Unset,
        parent: Some(parent),
        links: span
            .links
            .iter()
            .map(|link| link.span_context.clone())
            .collect(),
    }
}

fn error(error_type: Option<&'static str>) -> Option<KeyValue> {
    error_type.map(|error_type| KeyValue::new("error.type", error_type))
}

fn status(error_type: Option<&'static str>, message: &'static str) -> Status {
    match error_type {
        Some(_) => Status::error(message),
        None => Status::Unset,
    }
}
