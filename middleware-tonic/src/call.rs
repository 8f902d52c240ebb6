//! A call from its start to its end: its operation, and what it may show about its method.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;

use http::{HeaderMap, Response};
use otel_instrumentation::{ErrorType, Operation, Response as Facts, RpcOperation};
use otel_propagation::HeaderExtractor;
use tonic::{Code, Status};

use crate::candidate::Candidate;
use crate::request_body::RequestProgress;

/// The state of a call. Its drop ends the call as it stands.
#[derive(Debug)]
pub(crate) struct Call {
    // Dropped before the operation, because it may still report the method to the operation.
    candidate: Option<Box<Candidate>>,
    operation: RpcOperation,
    /// How far a server has read the request.
    request: RequestProgress,
    /// The instant at which the client stops waiting.
    deadline: Option<Instant>,
    /// The peer that a client calls, if it is known.
    peer: Option<SocketAddr>,
}

impl Call {
    pub(crate) fn new(operation: RpcOperation, candidate: Option<Box<Candidate>>) -> Self {
        Self {
            candidate,
            operation,
            request: RequestProgress::default(),
            deadline: None,
            peer: None,
        }
    }

    /// For a server's call, which its client may cancel.
    pub(crate) fn watched(self, request: RequestProgress) -> Self {
        Self { request, ..self }
    }

    /// For a client's call, which has this deadline.
    pub(crate) fn until(self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self }
    }

    /// For a client's call, which this peer will answer.
    pub(crate) fn to(self, peer: Option<SocketAddr>) -> Self {
        Self { peer, ..self }
    }

    /// Records the head of the response.
    pub(crate) fn respond<B>(&mut self, response: &Response<B>) {
        if let Some(peer) = self.peer {
            self.operation.record_peer(peer);
        }
        self.judge(response.headers());
        let headers = HeaderExtractor(response.headers());
        let head = Facts::new(response.status().as_u16(), &headers);
        self.operation.record_response(&head);
        if let Some(error_type) = response.extensions().get() {
            self.fail(*error_type, "");
        }
        let candidate = self.candidate.take();
        self.candidate = candidate.and_then(|candidate| candidate.responded(response));
    }

    /// Records the trailers, which end the call.
    pub(crate) fn finish_with(mut self, trailers: &HeaderMap) {
        self.judge(trailers);
        self.operation.record_trailers(&HeaderExtractor(trailers));
        if let Some(candidate) = self.candidate.take() {
            candidate.trailed(trailers);
        }
        self.finish();
    }

    /// Records the real outcome if it is known better than by the sender of the status in these
    /// headers.
    ///
    /// If the client has disconnected in the middle of its messages, the method's answer to the
    /// part that it has seen does not reach the client. If a server cancels a call after its
    /// deadline, the deadline is the reason. The first status counts.
    #[inline]
    fn judge(&mut self, headers: &HeaderMap) {
        // Most calls end in time, and a look-up hashes a name.
        let is_overdue = self.is_overdue();
        if is_overdue || self.request.is_incomplete() {
            self.judge_doubtful(headers, is_overdue);
        }
    }

    #[cold]
    fn judge_doubtful(&mut self, headers: &HeaderMap, is_overdue: bool) {
        let (is_broken, is_cut) = (self.request.is_broken(), self.request.is_cut());
        let Some(status) = headers.get(Status::GRPC_STATUS) else {
            return;
        };
        let message = headers.get(Status::GRPC_MESSAGE);
        let message = message.map_or(b"".as_slice(), |message| message.as_bytes());
        if is_broken || is_cut && INCOMPLETE.contains(&message) {
            self.operation.record_status(Code::Cancelled as u32, "");
        } else if status == CANCELLED && is_overdue {
            self.exceed_deadline();
        }
    }

    /// Records a status that came as an error instead of metadata.
    pub(crate) fn record_error(&mut self, status: &Status) {
        // A status that was made on this side has a source: the transport's error.
        if self.is_overdue() && (status.code() == Code::Cancelled || status.source().is_some()) {
            self.exceed_deadline();
        }
        let code = status.code() as u32;
        self.operation.record_status(code, status.message());
    }

    /// Records an error that is not a status, or a status that has a better name.
    pub(crate) fn fail(&mut self, error_type: ErrorType, message: &'static str) {
        self.operation.fail(error_type.0, message);
    }

    /// tonic calls this `CANCELLED`; the usual name says why.
    pub(crate) fn exceed_deadline(&mut self) {
        self.fail(ErrorType::DEADLINE_EXCEEDED, TIMEOUT_EXPIRED);
    }

    fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|it| Instant::now() >= it)
    }

    /// Ends the call.
    pub(crate) fn finish(self) {
        let Self {
            candidate,
            operation,
            ..
        } = self;
        // Its report has to reach the operation before the operation's end.
        drop(candidate);
        operation.finish();
    }
}

impl AsRef<Operation> for Call {
    fn as_ref(&self) -> &Operation {
        &self.operation
    }
}

/// tonic's message for an expired deadline, on both sides.
const TIMEOUT_EXPIRED: &str = "Timeout expired";

/// The code for a client that gave up, or a server on its behalf.
const CANCELLED: &str = "1";

/// tonic's status messages for request messages that end too early. If a stream ends between two
/// messages, the method chooses its own status.
const INCOMPLETE: [&[u8]; 2] = [
    b"Missing%20request%20message.",
    b"Unexpected%20EOF%20decoding%20stream.",
];
