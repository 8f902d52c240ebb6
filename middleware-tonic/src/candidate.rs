//! A call that may show that its method is one that the server knows.

use std::fmt;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use otel_instrumentation::{RouteHandle, RpcOperation};
use tonic::{Code, Status};

use crate::methods::Methods;
use crate::request_body::RequestProgress;

/// The side of the call. It decides what counts as an answer of the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// A call of a method that is not recognised yet.
///
/// On its drop it still accepts the method if the call is known to have reached it.
pub(crate) struct Candidate {
    method: String,
    methods: Arc<Methods>,
    /// `None` if the call is not sampled. Later calls may be, and benefit from what this one shows.
    handle: Option<RouteHandle>,
    side: Side,
    request: RequestProgress,
    /// True if the response has begun as a stream of messages.
    streams: bool,
    is_decided: bool,
}

impl Candidate {
    /// `None` if nothing can be learned from the call.
    pub(crate) fn new(
        method: &str,
        methods: &Arc<Methods>,
        operation: &mut RpcOperation,
        side: Side,
        request: &RequestProgress,
    ) -> Option<Box<Self>> {
        if !operation.is_recorded() || !methods.has_room() {
            return None;
        }
        Some(Box::new(Self {
            method: method.to_owned(),
            methods: methods.clone(),
            handle: operation.route_handle(),
            side,
            request: request.clone(),
            streams: false,
            is_decided: false,
        }))
    }

    /// Reads the head of the response; `None` if the head decides.
    pub(crate) fn responded<B>(mut self: Box<Self>, response: &Response<B>) -> Option<Box<Self>> {
        if let Some(code) = code(response.headers()) {
            let reached = is_answer(code, self.side, self.is_read());
            self.decide(reached);
            return None;
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        if response.status() != StatusCode::OK || !content_type.is_some_and(is_grpc) {
            self.decide(false);
            return None;
        }
        self.streams = true;
        Some(self)
    }

    /// Reads the trailers, which decide.
    pub(crate) fn trailed(mut self, trailers: &HeaderMap) {
        // A proxy may send its "unimplemented" with a head and trailers of their own.
        self.decide(code(trailers) != Some(Code::Unimplemented));
    }

    fn is_read(&self) -> bool {
        self.request.is_read()
    }

    fn decide(&mut self, reached: bool) {
        self.is_decided = true;
        if reached {
            self.accept();
        }
    }

    fn accept(&self) {
        let is_recognised = self.methods.learn(&self.method);
        if let (true, Some(handle)) = (is_recognised, &self.handle) {
            handle.refine(&self.method);
        }
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if !self.is_decided && (self.streams || self.is_read()) {
            self.accept();
        }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Candidate")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// True if the `content-type` is that of gRPC.
pub(crate) fn is_grpc(content_type: &HeaderValue) -> bool {
    content_type.as_bytes().starts_with(b"application/grpc")
}

/// True if a status in the head is the method's own answer.
///
/// Layers in front of a server's methods can refuse any path, with any code, so a refusal counts
/// only if the request was read. A client's paths come from its own program, so there it always
/// counts.
fn is_answer(code: Code, side: Side, is_read: bool) -> bool {
    match code {
        Code::Ok => true,
        Code::Unimplemented => false,
        _ => is_read || side == Side::Client,
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers
        .get(Status::GRPC_STATUS)
        .map(|value| Code::from_bytes(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_no_answers() {
        let cases = [
            (Code::Ok, Side::Server, false, true),
            (Code::NotFound, Side::Server, false, false),
            (Code::NotFound, Side::Server, true, true),
            (Code::InvalidArgument, Side::Client, false, true),
            (Code::Unimplemented, Side::Server, true, false),
            (Code::Unimplemented, Side::Client, false, false),
            (Code::Unauthenticated, Side::Server, false, false),
            (Code::Unauthenticated, Side::Server, true, true),
            (Code::Unauthenticated, Side::Client, false, true),
            (Code::ResourceExhausted, Side::Server, false, false),
        ];
        for (code, side, is_read, expected) in cases {
            assert_eq!(
                is_answer(code, side, is_read),
                expected,
                "{code:?} {side:?}"
            );
        }
    }
}
