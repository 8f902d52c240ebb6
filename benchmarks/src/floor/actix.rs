//! The floor of a middleware for actix-web.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use actix_http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::web::Bytes;
use opentelemetry::Context;
use otel_propagation::{HeaderExtractor, HeaderLines};
use pin_project::pin_project;

use super::{Handles, Operation, server_labels, server_span, status_code};

/// The middleware.
#[derive(Clone, Debug)]
pub struct Floor(pub Handles);

impl<S, B> Transform<S, ServiceRequest> for Floor
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<FloorBody<B>>;
    type Error = Error;
    type Transform = FloorService<S>;
    type InitError = ();
    type Future = Ready<Result<FloorService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(FloorService {
            inner,
            handles: self.0.clone(),
        }))
    }
}

/// The service.
#[derive(Debug)]
pub struct FloorService<S> {
    inner: S,
    handles: Handles,
}

impl<S, B> Service<ServiceRequest> for FloorService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<FloorBody<B>>;
    type Error = Error;
    type Future = FloorFuture<S::Future>;

    fn poll_ready(&self, task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let headers = HeaderExtractor(Headers(request.headers()));
        let parent = otel_propagation::extract(&Context::new(), &headers);
        let operation = self
            .handles
            .start(parent, || server_span(request.path(), &headers));
        FloorFuture {
            inner: operation.scope(|| self.inner.call(request)),
            operation: Some(operation),
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl HeaderLines for Headers<'_> {
    /// Here no header has a second line.
    fn lines(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let name = match name {
            "traceparent" => Some(&TRACEPARENT),
            "tracestate" => Some(&TRACESTATE),
            "baggage" => Some(&BAGGAGE),
            "host" => Some(&header::HOST),
            "user-agent" => Some(&header::USER_AGENT),
            _ => None,
        };
        let line = name.and_then(|name| self.0.get(name));
        line.map(HeaderValue::as_bytes).into_iter()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(HeaderName::as_str)
    }
}

/// The future.
#[pin_project]
#[derive(Debug)]
pub struct FloorFuture<F> {
    #[pin]
    inner: F,
    operation: Option<Operation>,
}

impl<F, B> Future for FloorFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<FloorBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.operation {
            Some(operation) => ready!(operation.scope(|| this.inner.poll(task)))?,
            None => ready!(this.inner.poll(task))?,
        };
        let status = response.status().as_u16();
        let operation = this.operation.take();
        Poll::Ready(Ok(response.map_body(|_, inner| {
            let left = match inner.size() {
                BodySize::Sized(left) => left,
                BodySize::None | BodySize::Stream => u64::MAX,
            };
            FloorBody {
                inner,
                operation,
                status,
                left,
            }
        })))
    }
}

/// The body.
#[pin_project]
#[derive(Debug)]
pub struct FloorBody<B> {
    #[pin]
    inner: B,
    operation: Option<Operation>,
    status: u16,
    left: u64,
}

impl<B: MessageBody> MessageBody for FloorBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = match this.operation {
            Some(operation) => ready!(operation.scope(|| this.inner.poll_next(task))),
            None => ready!(this.inner.poll_next(task)),
        };
        if let Some(Ok(chunk)) = &chunk {
            *this.left = this.left.saturating_sub(chunk.len() as u64);
        }
        if (chunk.is_none() || *this.left == 0)
            && let Some(operation) = this.operation.take()
        {
            end(&operation, *this.status);
        }
        Poll::Ready(chunk)
    }

    fn try_into_bytes(mut self) -> Result<Bytes, Self> {
        match self.inner.try_into_bytes() {
            Ok(bytes) => {
                if let Some(operation) = self.operation.take() {
                    end(&operation, self.status);
                }
                Ok(bytes)
            }
            Err(inner) => Err(Self { inner, ..self }),
        }
    }
}

fn end(operation: &Operation, status: u16) {
    operation.end(status_code(status), server_labels);
}

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
static BAGGAGE: HeaderName = HeaderName::from_static("baggage");
