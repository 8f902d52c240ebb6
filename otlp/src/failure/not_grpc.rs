//! Answers to a call of gRPC that are not gRPC's: a proxy's, or those of a server that speaks OTLP
//! over HTTP.

use std::error::Error;
use std::fmt;

use http::HeaderMap;
use http::Response;
use http::StatusCode;

use super::Answer;
use super::Failure;
use super::FailureKind;
use super::of_answer;

/// The peer has answered, and it was not gRPC.
#[derive(Debug)]
pub(crate) struct NotGrpc {
    status: StatusCode,
    headers: HeaderMap,
}

impl NotGrpc {
    pub(crate) fn new<B>(response: &Response<B>) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
        }
    }

    /// Gateways speak for a receiver that is away or refuse in its place; whatever else answers
    /// is no receiver of gRPC.
    pub(super) fn failure(&self) -> Failure {
        match self.status.as_u16() {
            401 | 403 | 404 | 413 | 429 | 502..=504 => of_answer(&Answer {
                status: self.status,
                headers: &self.headers,
                body: b"",
            }),
            _ => Failure::new(
                FailureKind::OtherProtocol,
                format!(
                    "the endpoint does not speak gRPC (it answers {})",
                    self.status
                ),
            ),
        }
    }
}

impl fmt::Display for NotGrpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not gRPC: {}", self.status)
    }
}

impl Error for NotGrpc {}
