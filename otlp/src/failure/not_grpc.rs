//! Answers to a gRPC call that are not gRPC: from a proxy, or from a server that speaks OTLP over
//! HTTP.

use std::error::Error;
use std::fmt;

use http::HeaderMap;
use http::Response;
use http::StatusCode;

use super::Answer;
use super::Failure;
use super::FailureKind;
use super::of_answer;

/// The peer's answer was not gRPC.
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

    /// Gateways answer for a receiver that is away, or refuse in its place; anything else that
    /// answers is not a gRPC receiver.
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
