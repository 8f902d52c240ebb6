//! Small traces for tests, with times in milliseconds.

use std::ops::Range;
use std::sync::Arc;

use opentelemetry::trace::{SpanId, TraceId};

use crate::attributes::{Attributes, Value};
use crate::span::{Kind, Span, Status};

pub(crate) fn span(id: u64, parent: u64, service: &str, name: &str, ms: Range<u64>) -> Span {
    Span {
        trace_id: TraceId::from(1_u128),
        span_id: SpanId::from(id),
        parent_span_id: (parent != 0).then(|| SpanId::from(parent)),
        service: service.into(),
        name: name.into(),
        kind: Kind::Server,
        start_unix_nano: ms.start * 1_000_000,
        end_unix_nano: ms.end * 1_000_000,
        clock_ahead_nano: 0,
        status: Status::Unset,
        status_message: "".into(),
        attributes: Attributes::default(),
        events: Box::default(),
        links: Box::default(),
    }
}

/// A call that was answered with 200.
pub(crate) fn call(id: u64, parent: u64, service: &str, name: &str, ms: Range<u64>) -> Span {
    Span {
        kind: Kind::Client,
        ..span(id, parent, service, name, ms)
    }
    .with("http.request.method", name.split(' ').next().unwrap())
    .with("http.response.status_code", 200)
}

/// A query with this text.
pub(crate) fn query(id: u64, parent: u64, service: &str, text: &str, ms: Range<u64>) -> Span {
    let name = text.split(" WHERE").next().unwrap();
    Span {
        kind: Kind::Client,
        ..span(id, parent, service, name, ms)
    }
    .with("db.system.name", "sqlite")
    .with("db.query.text", text)
}

impl Span {
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let old = self.attributes.iter().filter(|(known, _)| *known != name);
        let old = old.map(|(name, value)| (Arc::from(name), value.clone()));
        let attributes: Attributes = old.chain([(Arc::from(name), value.into())]).collect();
        self.attributes = attributes;
        self
    }

    pub(crate) fn failed(mut self, error_type: &str) -> Self {
        self.status = Status::Error;
        self.with("error.type", error_type)
    }
}
