//! The telemetry that one HTTP request must leave in a client.

use std::net::SocketAddr;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;

use crate::observed::{ExpectedSpan, assert_duration, assert_none_active};

/// The facts of one request. All its attributes and labels follow from them.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The span's name.
    pub name: &'static str,
    /// `http.request.method`.
    pub method: &'static str,
    /// `http.request.method_original`.
    pub method_original: Option<&'static str>,
    /// The part of `url.full` after the server's address.
    pub target: &'static str,
    /// The user information in `url.full`, with its `@`.
    pub user_information: &'static str,
    /// `url.template`.
    pub template: Option<&'static str>,
    /// `http.response.status_code`, and with it all that only a response tells.
    pub status: Option<u16>,
    /// `network.protocol.version`, if there is a response.
    pub version: &'static str,
    /// `error.type`, which also makes the span's status an error.
    pub error: Option<&'static str>,
    /// Whether the error has a message. The message is the system's and not compared.
    pub explained: bool,
    /// `http.request.resend_count`.
    pub resend_count: Option<i64>,
    /// `server.address` and `server.port`, if they are not the peer's.
    pub server: Option<(&'static str, Option<u16>)>,
    /// Further attributes of this request.
    pub further_attributes: Vec<KeyValue>,
    /// Further labels of its metrics.
    pub further_labels: Vec<KeyValue>,
    /// The local parent.
    pub parent: Option<SpanContext>,
}

impl Expected {
    /// A `GET`, answered 200.
    #[must_use]
    pub fn get(target: &'static str) -> Self {
        Self {
            name: "GET",
            method: "GET",
            method_original: None,
            target,
            user_information: "",
            template: None,
            status: Some(200),
            version: "1.1",
            error: None,
            explained: false,
            resend_count: None,
            server: None,
            further_attributes: Vec::new(),
            further_labels: Vec::new(),
            parent: None,
        }
    }

    /// A `GET` without an answer.
    #[must_use]
    pub fn failed(target: &'static str, error: &'static str) -> Self {
        Self {
            status: None,
            error: Some(error),
            explained: true,
            ..Self::get(target)
        }
    }

    pub(super) fn assert(&self, capture: &Capture, peer: SocketAddr, span: &SpanData) {
        self.assert_span(peer, span);
        let labels = self.labels(peer);
        assert_duration(capture, "http.client.request.duration", &labels, span);
        if !capture.points("http.client.active_requests").is_empty() {
            let template = self.template.map(|it| KeyValue::new("url.template", it));
            let active: Vec<_> = self.destination(peer).chain(template).collect();
            assert_none_active(capture, "http.client.active_requests", &active);
        }
    }

    /// Compares the span alone.
    pub fn assert_span(&self, peer: SocketAddr, span: &SpanData) {
        let number = |key: &'static str, value: u16| KeyValue::new(key, i64::from(value));
        let server = match self.server {
            Some((address, Some(port))) => format!("{address}:{port}"),
            _ => peer.to_string(),
        };
        let url = format!("http://{}{server}{}", self.user_information, self.target);
        let original = self.method_original;
        let optional = [
            original.map(|it| KeyValue::new("http.request.method_original", it)),
            self.resend_count
                .map(|it| KeyValue::new("http.request.resend_count", it)),
            self.template.map(|it| KeyValue::new("url.template", it)),
        ];
        let peer_attributes = [
            KeyValue::new("network.peer.address", peer.ip().to_string()),
            number("network.peer.port", peer.port()),
        ];
        let answered = self.status.is_some();
        let status = match (&span.status, self.error) {
            (_, None) => Status::Unset,
            (Status::Error { description }, Some(_)) if self.explained => {
                assert!(!description.is_empty(), "an error has a message");
                assert!(
                    !description.contains("http://"),
                    "{description} holds the URL"
                );
                span.status.clone()
            }
            (_, Some(_)) => Status::error(""),
        };
        let expected = ExpectedSpan {
            name: self.name.to_owned(),
            kind: SpanKind::Client,
            attributes: self
                .destination(peer)
                .chain([KeyValue::new("url.full", url)])
                .chain(optional.into_iter().flatten())
                .chain(peer_attributes.into_iter().filter(|_| answered))
                .chain(self.outcome())
                .chain(self.further_attributes.clone())
                .collect(),
            status,
            parent: self.parent.clone(),
            links: Vec::new(),
        };
        expected.assert(span);
    }

    /// The labels of the duration.
    #[must_use]
    pub fn labels(&self, peer: SocketAddr) -> Vec<KeyValue> {
        self.destination(peer)
            .chain(self.template.map(|it| KeyValue::new("url.template", it)))
            .chain(self.outcome())
            .chain(self.further_labels.clone())
            .collect()
    }

    fn destination(&self, peer: SocketAddr) -> impl Iterator<Item = KeyValue> + use<> {
        let (address, port) = match self.server {
            Some((address, port)) => (address.to_owned(), port),
            None => (peer.ip().to_string(), Some(peer.port())),
        };
        [
            Some(KeyValue::new("http.request.method", self.method)),
            Some(KeyValue::new("server.address", address)),
            port.map(|port| KeyValue::new("server.port", i64::from(port))),
        ]
        .into_iter()
        .flatten()
    }

    /// What span and metric say of the answer: both say the same.
    fn outcome(&self) -> impl Iterator<Item = KeyValue> + use<> {
        let status = self.status.map(i64::from);
        [
            status.map(|status| KeyValue::new("http.response.status_code", status)),
            status.map(|_| KeyValue::new("network.protocol.version", self.version)),
            self.error.map(|error| KeyValue::new("error.type", error)),
        ]
        .into_iter()
        .flatten()
    }
}
