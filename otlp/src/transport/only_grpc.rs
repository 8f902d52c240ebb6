//! Answers that are not gRPC: from a proxy, or from a server that speaks OTLP over HTTP.

use std::error::Error;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use http::Request;
use http::Response;
use http::header::CONTENT_TYPE;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::Client;
use tonic::body::Body;
use tower_service::Service;

use super::client::Connector;
use crate::failure::NotGrpc;

/// A client that returns an error for any answer that is not gRPC. tonic would turn such an answer
/// into a status that does not say what happened.
#[derive(Clone, Debug)]
pub(super) struct OnlyGrpc(pub(super) Client<Connector, Body>);

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

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match Pin::new(&mut self.0).poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(response) => response?,
        };
        let kind = response.headers().get(CONTENT_TYPE);
        let is_grpc = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        Poll::Ready(
            match is_grpc || response.headers().contains_key("grpc-status") {
                true => Ok(response),
                false => Err(Box::new(NotGrpc::new(&response))),
            },
        )
    }
}
