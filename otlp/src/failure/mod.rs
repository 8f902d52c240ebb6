//! Why an export failed, in plain words, and what follows from it.

mod cause;
mod grpc;
mod http;
mod not_grpc;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::response_status::ResponseStatus;

pub(crate) use cause::of_error;
pub(crate) use grpc::of_status;
pub(crate) use http::{Answer, of_answer};
pub(crate) use not_grpc::NotGrpc;

/// Why an attempt to export failed.
///
/// [`Display`](fmt::Display) gives the reason in plain words, without credentials:
/// `connection refused`, `401 Unauthorized: token expired`.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    may_have_arrived: bool,
    retry_after: Option<Duration>,
    status: Option<ResponseStatus>,
}

/// The kind of a failure. It decides whether the same bytes are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// There was no connection: refused, an unknown name, an untrusted certificate. Retried.
    Connect,
    /// The connection was lost, or the stream was reset, before the answer came. Retried.
    ConnectionLost,
    /// The attempt took longer than the limit of an attempt. Retried.
    Timeout,
    /// The receiver says that it cannot accept anything at the moment. Retried.
    Unavailable,
    /// The receiver asks for fewer requests. Retried, later than usual.
    Throttled,
    /// The request is larger than the receiver accepts. It is split and retried.
    TooLarge,
    /// The endpoint does not know the signal: 404, `UNIMPLEMENTED`. Not retried.
    NoSuchService,
    /// The endpoint speaks another protocol than the exporter. Not retried.
    OtherProtocol,
    /// The receiver has refused the request for good, for example with 400 or 401. Not retried.
    Refused,
    /// The exporter was shut down before there was an answer. Not retried.
    ShutDown,
}

impl Failure {
    /// Creates a failure whose data have not arrived: the receiver knows nothing of the request, or
    /// has refused it itself.
    ///
    /// The exporters create their failures themselves. This function is for tests of code that
    /// handles failures.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            may_have_arrived: false,
            retry_after: None,
            status: None,
        }
    }

    /// The same failure, but the receiver may still have accepted the request.
    pub(crate) fn ambiguous(mut self) -> Self {
        self.may_have_arrived = true;
        self
    }

    /// The same failure, with the pause that the receiver asks for.
    pub(crate) fn after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// The same failure, reported by the receiver with this status.
    pub(crate) fn answered(mut self, status: ResponseStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// The same failure, of a receiver that has accepted something before: what looks like another
    /// protocol is then a broken connection.
    pub(crate) fn of_known_receiver(mut self) -> Self {
        if self.kind == FailureKind::OtherProtocol {
            self.kind = FailureKind::ConnectionLost;
            self.may_have_arrived = true;
        }
        self
    }

    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// `true` if the receiver may have accepted the data although the attempt failed: after a
    /// timeout, or if the connection was lost before the answer.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
    }

    /// The pause that the receiver asks for: `Retry-After`, `RetryInfo`. `None` if it asks for
    /// none.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The status of the receiver's answer. `None` if there was no answer.
    #[must_use]
    pub fn status(&self) -> Option<ResponseStatus> {
        self.status
    }

    /// `true` if the same bytes can succeed in another attempt.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            FailureKind::Connect
            | FailureKind::ConnectionLost
            | FailureKind::Timeout
            | FailureKind::Unavailable
            | FailureKind::Throttled => true,
            FailureKind::TooLarge
            | FailureKind::NoSuchService
            | FailureKind::OtherProtocol
            | FailureKind::Refused
            | FailureKind::ShutDown => false,
        }
    }

    /// The kind as a value of the attribute `error.type`, such as `connection_lost`.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self.kind {
            FailureKind::Connect => "connect",
            FailureKind::ConnectionLost => "connection_lost",
            FailureKind::Timeout => "timeout",
            FailureKind::Unavailable => "unavailable",
            FailureKind::Throttled => "throttled",
            FailureKind::TooLarge => "too_large",
            FailureKind::NoSuchService => "no_such_service",
            FailureKind::OtherProtocol => "other_protocol",
            FailureKind::Refused => "refused",
            FailureKind::ShutDown => "shut_down",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// A receiver's text, shortened to fit one line of a log.
fn shortened(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LONGEST)
        .collect();
    line.trim().to_owned()
}

const LONGEST: usize = 300;
