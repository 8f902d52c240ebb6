//! Why an export did not succeed, in plain words, and what follows from it.

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
/// [`Display`](fmt::Display) says it in plain words, without credentials: `connection refused`,
/// `401 Unauthorized: token expired`.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    may_have_arrived: bool,
    retry_after: Option<Duration>,
    status: Option<ResponseStatus>,
}

/// What kind of a failure it was. It decides whether the same bytes are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// There was no connection: refused, unknown name, a certificate that is not trusted. Tried
    /// again.
    Connect,
    /// The connection was lost, or the stream was reset, before the answer came. Tried again.
    ConnectionLost,
    /// The attempt took longer than an attempt may take. Tried again.
    Timeout,
    /// The receiver cannot take anything at the moment, and said so. Tried again.
    Unavailable,
    /// The receiver asks for fewer requests. Tried again, later than usual.
    Throttled,
    /// The request is larger than the receiver accepts. It is split and tried again.
    TooLarge,
    /// The endpoint does not know the signal: 404, `UNIMPLEMENTED`. Not tried again.
    NoSuchService,
    /// The endpoint speaks another protocol than the exporter. Not tried again.
    OtherProtocol,
    /// The receiver has refused the request for good, such as with 400 or 401. Not tried again.
    Refused,
    /// The exporter was shut down before there was an answer. Not tried again.
    ShutDown,
}

impl Failure {
    /// A failure of which the receiver knows nothing, or which it has answered itself: the data
    /// have not arrived.
    ///
    /// The exporters make failures themselves; this is for tests of what is done with them.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            may_have_arrived: false,
            retry_after: None,
            status: None,
        }
    }

    /// The same, but the receiver may have accepted the request all the same.
    pub(crate) fn ambiguous(mut self) -> Self {
        self.may_have_arrived = true;
        self
    }

    /// The same, with the time for which the receiver asks to be left alone.
    pub(crate) fn after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// The same, said by the receiver with this status.
    pub(crate) fn answered(mut self, status: ResponseStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// The same, of a receiver that has accepted something before: what looks like another
    /// protocol is a connection that broke.
    pub(crate) fn of_known_receiver(mut self) -> Self {
        if self.kind == FailureKind::OtherProtocol {
            self.kind = FailureKind::ConnectionLost;
            self.may_have_arrived = true;
        }
        self
    }

    /// What kind of a failure it was.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Whether the receiver may have accepted the data although the attempt failed: after a
    /// timeout, or when the connection was lost before the answer.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        self.may_have_arrived
    }

    /// How long the receiver asks to be left alone: `Retry-After`, `RetryInfo`. `None` if it says
    /// nothing.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The status that the receiver answered with. `None` if there was no answer.
    #[must_use]
    pub fn status(&self) -> Option<ResponseStatus> {
        self.status
    }

    /// Whether the same bytes can succeed another time.
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

/// Text of a receiver, made fit for one line of a log.
fn shortened(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LONGEST)
        .collect();
    line.trim().to_owned()
}

const LONGEST: usize = 300;
