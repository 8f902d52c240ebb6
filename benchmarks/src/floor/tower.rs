//! The floor of a tower service: axum and tonic.

use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use opentelemetry::trace::SpanBuilder;
use opentelemetry::{Context, KeyValue};
use otel_instrumentation::tower::RequestHeaders;
use pin_project::pin_project;
use tower::{Layer, Service};

use super::{Handles, Operation};

/// The layer, with its facts about a request.
#[derive(Clone, Debug)]
pub struct Floor<const LABELS: usize> {
    pub handles: Handles,
    pub facts: Facts<LABELS>,
}

/// The facts about the requests of one route of one service.
#[derive(Clone, Copy, Debug)]
pub struct Facts<const LABELS: usize> {
    pub span: fn(&http::Uri, &RequestHeaders<'_>) -> SpanBuilder,
    /// The attribute for the status, from the status code of the head or from the trailers.
    pub status: fn(u16, Option<&HeaderMap>) -> KeyValue,
    pub labels: fn(KeyValue) -> [KeyValue; LABELS],
}

impl<S, const LABELS: usize> Layer<S> for Floor<LABELS> {
    type Service = FloorService<S, LABELS>;

    fn layer(&self, inner: S) -> FloorService<S, LABELS> {
        FloorService {
            inner,
            floor: self.clone(),
        }
    }
}

/// The service.
#[derive(Clone, Debug)]
pub struct FloorService<S, const LABELS: usize> {
    inner: S,
    floor: Floor<LABELS>,
}

impl<S, RequestBody, B, const LABELS: usize> Service<Request<RequestBody>>
    for FloorService<S, LABELS>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    B: Body,
{
    type Response = Response<FloorBody<B, LABELS>>;
    type Error = S::Error;
    type Future = FloorFuture<S::Future, LABELS>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let Floor { handles, facts } = &self.floor;
        let headers = RequestHeaders::new(request.headers());
        let parent = otel_propagation::extract(&Context::new(), &headers);
        let operation = handles.start(parent, || (facts.span)(request.uri(), &headers));
        FloorFuture {
            inner: operation.scope(|| self.inner.call(request)),
            operation: Some(operation),
            facts: *facts,
        }
    }
}

/// The future.
#[pin_project]
#[derive(Debug)]
pub struct FloorFuture<F, const LABELS: usize> {
    #[pin]
    inner: F,
    operation: Option<Operation>,
    facts: Facts<LABELS>,
}

impl<F, B, E, const LABELS: usize> Future for FloorFuture<F, LABELS>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<FloorBody<B, LABELS>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.operation {
            Some(operation) => ready!(operation.scope(|| this.inner.poll(task)))?,
            None => ready!(this.inner.poll(task))?,
        };
        let status = response.status().as_u16();
        Poll::Ready(Ok(response.map(|inner| FloorBody {
            inner,
            operation: this.operation.take(),
            status,
            facts: *this.facts,
        })))
    }
}

/// The body.
#[pin_project]
#[derive(Debug)]
pub struct FloorBody<B, const LABELS: usize> {
    #[pin]
    inner: B,
    operation: Option<Operation>,
    status: u16,
    facts: Facts<LABELS>,
}

impl<B: Body, const LABELS: usize> Body for FloorBody<B, LABELS> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let inner = this.inner.as_mut();
        let frame = match this.operation {
            Some(operation) => ready!(operation.scope(|| inner.poll_frame(task))),
            None => ready!(inner.poll_frame(task)),
        };
        let trailers = match &frame {
            Some(Ok(frame)) => frame.trailers_ref(),
            Some(Err(_)) | None => None,
        };
        if (frame.is_none() || trailers.is_some() || this.inner.is_end_stream())
            && let Some(operation) = this.operation.take()
        {
            let status = (this.facts.status)(*this.status, trailers);
            operation.end(status, this.facts.labels);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
