//! A span as it was received.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceId};
use serde::Serialize;

use crate::attributes::Attributes;

/// One step of a trace.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Span {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its own id, unique in the trace.
    pub span_id: SpanId,
    /// Its parent; `None` for a root.
    pub parent_span_id: Option<SpanId>,
    /// The `service.name` of the resource.
    pub service: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its role between services.
    pub kind: Kind,
    /// Its start, in nanoseconds since the Unix epoch, by the clock of the trace's root.
    pub start_unix_nano: u64,
    /// Its end, by the same clock.
    pub end_unix_nano: u64,
    /// How far the span's own clock is ahead of the root's, in nanoseconds. 0 unless the difference
    /// is visible: a server that begins before its call.
    pub clock_ahead_nano: i64,
    /// Whether it succeeded.
    pub status: Status,
    /// The reason of an error, in words; often empty.
    pub status_message: Arc<str>,
    /// Its attributes.
    pub attributes: Attributes,
    /// Its events.
    pub events: Box<[Event]>,
    /// Its links: other spans that led to it and are not its parents.
    pub links: Box<[Link]>,
}

/// An event in a span, for example an exception.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Its time, in nanoseconds since the Unix epoch.
    pub unix_nano: u64,
    /// Its name.
    pub name: Arc<str>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// A link to another span, of any trace, that led to the span with this link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// The trace of the other span.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
}

/// The role of a span between services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// Work within a service.
    Internal,
    /// Answers a call.
    Server,
    /// Makes a call, also to a database.
    Client,
    /// Sends a message.
    Producer,
    /// Handles a message.
    Consumer,
}

/// Whether a span succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// No status was set.
    Unset,
    /// The status was set to success.
    Ok,
    /// It failed.
    Error,
}

impl Span {
    /// The time from its start to its end.
    pub fn interval(&self) -> Range<u64> {
        self.start_unix_nano..self.end_unix_nano
    }

    /// How long it took.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.end_unix_nano.saturating_sub(self.start_unix_nano))
    }

    /// `true` if it failed.
    pub fn is_error(&self) -> bool {
        self.status == Status::Error
    }

    /// `true` if it is a call to a service. A call to a database is of kind client, too, but is no
    /// such call.
    pub fn is_call(&self) -> bool {
        self.kind == Kind::Client && CALLS.iter().any(|key| self.attributes.contains(key))
    }

    /// `true` if it is a query to a database.
    pub fn is_query(&self) -> bool {
        self.kind == Kind::Client && DATABASES.iter().any(|key| self.attributes.contains(key))
    }

    /// `true` if the other side has certainly answered the call.
    pub fn is_answered(&self) -> bool {
        match self.rpc_status() {
            Some(code) => SAID_BY_SERVERS.contains(&code),
            None => HTTP_STATUS.iter().any(|key| self.attributes.contains(key)),
        }
    }

    /// The HTTP status code, if the span is a request.
    pub fn http_status(&self) -> Option<i64> {
        let mut values = HTTP_STATUS.iter().map(|key| self.attributes.get(key));
        values.find_map(|value| value?.as_integer())
    }

    /// The name of the gRPC status code, if the span is a call.
    pub fn rpc_status(&self) -> Option<&str> {
        let mut names = RPC_STATUS.iter().map(|key| self.attributes.text(key));
        let number = || {
            let number = self.attributes.get("rpc.grpc.status_code")?.as_integer()?;
            GRPC_CODES.get(usize::try_from(number).ok()?).copied()
        };
        names.find_map(|name| name).or_else(number)
    }

    /// The type of the error, or of the exception if there is none.
    pub fn error_type(&self) -> Option<&str> {
        let exception = || {
            let mut events = self.events.iter().rev();
            events.find_map(|event| event.attributes.text("exception.type"))
        };
        self.attributes.text("error.type").or_else(exception)
    }

    /// The approximate number of bytes in memory.
    pub(crate) fn size(&self) -> usize {
        let events = self.events.iter().map(|event| event.attributes.size());
        size_of::<Self>()
            + self.attributes.size()
            + self.status_message.len()
            + size_of_val(&*self.events)
            + size_of_val(&*self.links)
            + events.sum::<usize>()
    }
}

/// The current conventions, and those that older instrumentations still follow.
const CALLS: [&str; 4] = [
    "http.request.method",
    "http.method",
    "rpc.system.name",
    "rpc.system",
];
const DATABASES: [&str; 2] = ["db.system.name", "db.system"];
const HTTP_STATUS: [&str; 2] = ["http.response.status_code", "http.status_code"];
const RPC_STATUS: [&str; 2] = ["rpc.response.status_code", "rpc.status_code"];
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
/// The gRPC codes that [no client creates itself](https://grpc.io/docs/guides/status-codes/) if
/// there is no answer.
const SAID_BY_SERVERS: [&str; 8] = [
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "DATA_LOSS",
];

#[cfg(test)]
mod tests {
    use crate::testing::span;

    #[test]
    fn status_of_grpc_by_whatever_convention() {
        let call = || span(1, 0, "orders", "Pay", 0..1);
        assert_eq!(call().rpc_status(), None);
        for call in [
            call().with("rpc.grpc.status_code", 14),
            call().with("rpc.status_code", "UNAVAILABLE"),
            call().with("rpc.response.status_code", "UNAVAILABLE"),
        ] {
            assert_eq!(call.rpc_status(), Some("UNAVAILABLE"));
            assert!(!call.is_answered());
        }
        assert!(call().with("rpc.grpc.status_code", 0).is_answered());
        assert_eq!(call().with("rpc.grpc.status_code", 99).rpc_status(), None);
    }
}
