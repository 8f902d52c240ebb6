//! How a call ends (`docs/rpc/rpc-spans.md`, `docs/rpc/grpc.md`, "Status").

use std::borrow::Cow;

use opentelemetry::propagation::Extractor;
use opentelemetry::{KeyValue, StringValue, Value};

use super::ending::{Ending, Side};
use super::error_type::PANIC;
use super::grpc_code::{GrpcCode, decoded_message};
use crate::semconv;

/// What a call learns by its end.
#[derive(Debug)]
pub(crate) struct RpcOutcome {
    side: Side,
    /// The requested method, unless it was recognised at the start.
    original: Option<String>,
    /// The first status code that was seen.
    code: Option<GrpcCode>,
    /// The status of the response that carries the call.
    http_status: Option<u16>,
}

impl RpcOutcome {
    pub(crate) fn new(side: Side, original: Option<String>) -> Self {
        Self {
            side,
            original,
            code: None,
            http_status: None,
        }
    }

    pub(crate) fn respond(&mut self, http_status: u16) {
        self.http_status = Some(http_status);
    }

    /// Reads the status from the head or the trailers, if present. Returns the message of an error.
    pub(crate) fn read_status(&mut self, carrier: &dyn Extractor) -> Option<String> {
        let code = GrpcCode::parse(carrier.get("grpc-status")?);
        self.record_status(code).then(|| {
            carrier
                .get("grpc-message")
                .map_or_else(String::new, decoded_message)
        })
    }

    /// The first status counts. Returns true if it is this one and an error.
    pub(crate) fn record_status(&mut self, code: GrpcCode) -> bool {
        if self.code.is_some() {
            return false;
        }
        self.code = Some(code);
        code.is_error(self.side)
    }

    /// Ends the call with a status code, even if none was sent.
    ///
    /// A dropped call is cancelled, unless its head already showed that the answer was not gRPC.
    pub(super) fn end(&mut self, ending: Ending) {
        self.code.get_or_insert(match (ending, self.http_status) {
            (Ending::Dropped, None | Some(200)) => GrpcCode::Cancelled,
            (Ending::Finished | Ending::Dropped, Some(status)) => GrpcCode::from_http(status),
            (Ending::Finished, None) | (Ending::Panicked, _) => GrpcCode::Unknown,
        });
    }

    pub(super) fn error_type(&self, ending: Ending) -> Option<&'static str> {
        match ending {
            Ending::Panicked => Some(PANIC),
            Ending::Finished | Ending::Dropped => self
                .code
                .filter(|code| code.is_error(self.side))
                .map(GrpcCode::label),
        }
    }

    /// `method` is a recognised method.
    pub(super) fn label(
        &self,
        method: Option<Cow<'static, str>>,
        error_type: Option<StringValue>,
        labels: &mut Vec<KeyValue>,
    ) {
        let method = method.map_or(Value::from(semconv::OTHER), Value::from);
        labels.push(KeyValue::new(semconv::RPC_METHOD, method));
        if let Some(code) = self.code {
            labels.push(KeyValue::new(semconv::RPC_STATUS_CODE, code.label()));
        }
        if let Some(error_type) = error_type {
            labels.push(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
    }

    /// `found` is a recognised method that the span does not have yet.
    pub(super) fn describe(&mut self, found: Option<Cow<'static, str>>, set: impl Fn(KeyValue)) {
        let original = self.original.take();
        if let Some(found) = found {
            set(KeyValue::new(semconv::RPC_METHOD, found));
        } else if let Some(original) = original {
            set(KeyValue::new(semconv::RPC_METHOD, semconv::OTHER));
            if !original.is_empty() {
                set(KeyValue::new(semconv::RPC_METHOD_ORIGINAL, original));
            }
        }
        if let Some(code) = self.code {
            set(KeyValue::new(semconv::RPC_STATUS_CODE, code.value()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ending::{Dropped, Finished, Panicked};
    use Side::{Client, Server};

    #[test]
    fn error_types_of_calls_are_code_names() {
        let cases = [
            (Server, Finished, GrpcCode::Ok, None),
            (Client, Finished, GrpcCode::Ok, None),
            (Server, Finished, GrpcCode::NotFound, None),
            (Client, Finished, GrpcCode::NotFound, Some("NOT_FOUND")),
            (Server, Finished, GrpcCode::Internal, Some("INTERNAL")),
            (Server, Dropped, GrpcCode::Cancelled, None),
            (Client, Dropped, GrpcCode::Cancelled, Some("CANCELLED")),
            (Server, Panicked, GrpcCode::Unknown, Some("panic")),
            (Client, Panicked, GrpcCode::Ok, Some("panic")),
            (Server, Finished, GrpcCode::Undefined(9999), None),
            (Client, Finished, GrpcCode::Undefined(9999), Some("_OTHER")),
        ];
        for (side, ending, code, expected) in cases {
            let mut outcome = RpcOutcome::new(side, None);
            outcome.record_status(code);
            let found = outcome.error_type(ending);
            assert_eq!(found, expected, "{side:?} {ending:?} {code:?}");
        }
    }

    #[test]
    fn calls_without_a_status_get_one() {
        // GR-28, and the lifecycle table: dropped before the trailers is cancelled.
        let cases = [
            (Finished, None, GrpcCode::Unknown),
            (Finished, Some(200), GrpcCode::Unknown),
            (Finished, Some(404), GrpcCode::Unimplemented),
            (Finished, Some(503), GrpcCode::Unavailable),
            (Dropped, None, GrpcCode::Cancelled),
            (Dropped, Some(200), GrpcCode::Cancelled),
            (Dropped, Some(401), GrpcCode::Unauthenticated),
            (Panicked, None, GrpcCode::Unknown),
            (Panicked, Some(200), GrpcCode::Unknown),
        ];
        for (ending, status, expected) in cases {
            let mut outcome = RpcOutcome::new(Client, None);
            outcome.http_status = status;
            outcome.end(ending);
            assert_eq!(outcome.code, Some(expected), "{ending:?} {status:?}");
            outcome.code = Some(GrpcCode::NotFound);
            outcome.end(ending);
            assert_eq!(outcome.code, Some(GrpcCode::NotFound));
        }
    }
}
