//! A call from its start to its end: its operation, and what it may show of its method.

use http::{HeaderMap, Response};
use otel_instrumentation::{ErrorType, Operation, Response as Facts, RpcOperation};
use otel_propagation::HeaderExtractor;
use tonic::{Code, Status};

use crate::candidate::Candidate;
use crate::request_body::RequestProgress;

/// What is carried through a call. Dropped, it ends the call as it stands.
#[derive(Debug)]
pub(crate) struct Call {
    // Dropped before the operation, which it may still tell what the method was.
    candidate: Option<Box<Candidate>>,
    operation: RpcOperation,
    request: RequestProgress,
}

impl Call {
    pub(crate) fn new(
        operation: RpcOperation,
        candidate: Option<Box<Candidate>>,
        request: RequestProgress,
    ) -> Self {
        Self {
            candidate,
            operation,
            request,
        }
    }

    /// The head of the response is there.
    pub(crate) fn respond<B>(&mut self, response: &Response<B>) {
        self.cancel_if_broken_off(response.headers());
        let headers = HeaderExtractor(response.headers());
        let head = Facts::new(response.status().as_u16(), &headers);
        self.operation.record_response(&head);
        if let Some(error_type) = response.extensions().get() {
            self.fail(*error_type, "");
        }
        let candidate = self.candidate.take();
        self.candidate = candidate.and_then(|candidate| candidate.responded(response));
    }

    /// The trailers are there, which is the end of the call.
    pub(crate) fn finish_with(mut self, trailers: &HeaderMap) {
        self.cancel_if_broken_off(trailers);
        self.operation.record_trailers(&HeaderExtractor(trailers));
        if let Some(candidate) = self.candidate.take() {
            candidate.trailed(trailers);
        }
        self.finish();
    }

    /// If the client has gone in the middle of its messages, what a method makes of the part that it
    /// has seen reaches nobody. The first status counts.
    fn cancel_if_broken_off(&mut self, headers: &HeaderMap) {
        let request = &self.request;
        let lacks_message = || {
            let message = headers.get(Status::GRPC_MESSAGE);
            message.is_some_and(|message| INCOMPLETE.contains(&message.as_bytes()))
        };
        if headers.contains_key(Status::GRPC_STATUS)
            && (request.is_broken() || request.is_cut() && lacks_message())
        {
            self.operation.record_status(Code::Cancelled as u32, "");
        }
    }

    /// A status that came as an error instead of metadata.
    pub(crate) fn record_error(&mut self, status: &Status) {
        let code = status.code() as u32;
        self.operation.record_status(code, status.message());
    }

    /// An error that is no status, or one that has a better name.
    pub(crate) fn fail(&mut self, error_type: ErrorType, message: &'static str) {
        self.operation.fail(error_type.0, message);
    }

    pub(crate) fn finish(self) {
        let Self {
            candidate,
            operation,
            ..
        } = self;
        // What it says has to reach the operation before its end.
        drop(candidate);
        operation.finish();
    }
}

impl AsRef<Operation> for Call {
    fn as_ref(&self) -> &Operation {
        &self.operation
    }
}

/// What tonic says of messages that end too early. A method can say what it likes of a stream that
/// ended between two messages.
const INCOMPLETE: [&[u8]; 2] = [
    b"Missing%20request%20message.",
    b"Unexpected%20EOF%20decoding%20stream.",
];
