//! The telemetry that one HTTP request must leave on a server.

use std::net::SocketAddr;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;

use crate::observed::{ExpectedSpan, assert_duration, assert_none_active};

/// The facts of one request. All its attributes and labels follow from them.
///
/// The peer is not among them, because it is the client of the test.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The span's name.
    pub name: String,
    /// `http.request.method`.
    pub method: &'static str,
    /// `http.request.method_original`.
    pub method_original: Option<&'static str>,
    /// `url.scheme`.
    pub scheme: &'static str,
    /// `url.path`.
    pub path: &'static str,
    /// `url.query`.
    pub query: Option<&'static str>,
    /// `http.route`.
    pub route: Option<&'static str>,
    /// `http.response.status_code`.
    pub status: Option<u16>,
    /// `error.type`, which also makes the span's status an error.
    pub error: Option<&'static str>,
    /// The description of the span's status.
    pub message: &'static str,
    /// `network.protocol.version`.
    pub version: &'static str,
    /// `server.address` and `server.port`.
    pub server: Option<(&'static str, Option<u16>)>,
    /// `client.address`.
    pub client: &'static str,
    /// `user_agent.original`.
    pub user_agent: Option<&'static str>,
    /// Further attributes of this request.
    pub further_attributes: Vec<KeyValue>,
    /// Further labels of its metrics.
    pub further_labels: Vec<KeyValue>,
    /// The remote parent.
    pub parent: Option<SpanContext>,
    /// The remote span that the span links to.
    pub links: Vec<SpanContext>,
}

impl Expected {
    /// A `GET` with the standard headers and status 200, whose route equals its path.
    #[must_use]
    pub fn get(path: &'static str) -> Self {
        Self {
            name: format!("GET {path}"),
            method: "GET",
            method_original: None,
            scheme: "http",
            path,
            query: None,
            route: Some(path),
            status: Some(200),
            error: None,
            message: "",
            version: "1.1",
            server: Some(("shop.example", Some(8080))),
            client: "127.0.0.1",
            user_agent: Some("test-user-agent"),
            further_attributes: Vec::new(),
            further_labels: Vec::new(),
            parent: None,
            links: Vec::new(),
        }
    }

    /// Compares span and metrics.
    pub(super) fn assert(&self, capture: &Capture, client: SocketAddr, span: &SpanData) {
        self.span(client).assert(span);
        assert_duration(
            capture,
            "http.server.request.duration",
            &self.labels(),
            span,
        );
        let active = [self.method(), self.scheme()];
        assert_none_active(capture, "http.server.active_requests", &active);
    }

    /// Compares the span alone. The client has this address.
    #[must_use]
    pub fn span(&self, client: SocketAddr) -> ExpectedSpan {
        let text = |key: &'static str, value: &'static str| KeyValue::new(key, value);
        let number = |key: &'static str, value: u16| KeyValue::new(key, i64::from(value));
        let server = self.server;
        let optional = [
            self.method_original
                .map(|it| text("http.request.method_original", it)),
            self.query.map(|it| text("url.query", it)),
            server.map(|(address, _)| text("server.address", address)),
            server
                .and_then(|it| it.1)
                .map(|port| number("server.port", port)),
            self.user_agent.map(|it| text("user_agent.original", it)),
        ];
        let attributes = [
            self.method(),
            self.scheme(),
            text("url.path", self.path),
            text("client.address", self.client),
            KeyValue::new("network.peer.address", client.ip().to_string()),
            number("network.peer.port", client.port()),
        ];
        ExpectedSpan {
            name: self.name.clone(),
            kind: SpanKind::Server,
            attributes: attributes
                .into_iter()
                .chain(optional.into_iter().flatten())
                .chain(self.outcome())
                .chain(self.further_attributes.clone())
                .collect(),
            status: self
                .error
                .map_or(Status::Unset, |_| Status::error(self.message)),
            parent: self.parent.clone(),
            links: self.links.clone(),
        }
    }

    pub(super) fn labels(&self) -> Vec<KeyValue> {
        [self.method(), self.scheme()]
            .into_iter()
            .chain(self.outcome())
            .chain(self.further_labels.clone())
            .collect()
    }

    /// What span and metric say of the answer: both say the same.
    fn outcome(&self) -> impl Iterator<Item = KeyValue> + use<> {
        let status = self.status.map(i64::from);
        [
            self.route.map(|route| KeyValue::new("http.route", route)),
            status.map(|status| KeyValue::new("http.response.status_code", status)),
            self.error.map(|error| KeyValue::new("error.type", error)),
            Some(KeyValue::new("network.protocol.version", self.version)),
        ]
        .into_iter()
        .flatten()
    }

    fn method(&self) -> KeyValue {
        KeyValue::new("http.request.method", self.method)
    }

    fn scheme(&self) -> KeyValue {
        KeyValue::new("url.scheme", self.scheme)
    }
}
