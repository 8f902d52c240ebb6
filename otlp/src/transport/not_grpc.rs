//! Answers that are not gRPC's: a proxy's, or those of a server that speaks OTLP over HTTP.

use std::error::Error;
use std::fmt;
use std::task::Context;
use std::task::Poll;

use http::HeaderMap;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::Client;
use tonic::body::Body;
use tower_service::Service;

use super::client::Connector;
use crate::failure::Answer;
use crate::failure::Failure;
use crate::failure::FailureKind;
use crate::failure::of_answer;

/// A client that takes an answer of another kind for an error: gRPC would make a status out of it
/// that does not say what happened.
#[derive(Clone, Debug)]
pub(super) struct OnlyGrpc(pub(super) Client<Connector, Body>);

/// The peer has answered, and it was not gRPC.
#[derive(Debug)]
pub(crate) struct NotGrpc {
    status: StatusCode,
    headers: HeaderMap,
}

impl Service<Request<Body>> for OnlyGrpc {
    type Response = Response<Incoming>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Answered(self.0.request(request))
    }
}

/// The answer of [`OnlyGrpc`].
#[derive(Debug)]
pub(super) struct Answered(legacy::ResponseFuture);

impl Future for Answered {
    type Output = Result<Response<Incoming>, Box<dyn Error + Send + Sync>>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match std::pin::Pin::new(&mut self.0).poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(response) => response?,
        };
        let kind = response.headers().get(CONTENT_TYPE);
        let is_grpc = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        Poll::Ready(
            match is_grpc || response.headers().contains_key("grpc-status") {
                true => Ok(response),
                false => Err(Box::new(NotGrpc {
                    status: response.status(),
                    headers: response.headers().clone(),
                })),
            },
        )
    }
}

impl NotGrpc {
    /// Gateways speak for a receiver that is away or refuse in its place; whatever else answers
    /// is no receiver of gRPC.
    pub(crate) fn failure(&self) -> Failure {
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
