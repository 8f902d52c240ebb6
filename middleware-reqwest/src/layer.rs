//! The layer for `reqwest::Client` as a tower service.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use otel_instrumentation::{
    ClientConfig, HttpClientInstrumentation, Operation, instrumentation_scope,
};
use pin_project::pin_project;
use reqwest::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::error::describe_any;
use crate::{request, response};

/// Records a client span and the metrics of every request, and sends the context with the request.
///
/// ```
/// use otel_middleware_reqwest::OtelLayer;
/// use tower::ServiceBuilder;
///
/// let client = ServiceBuilder::new().layer(OtelLayer::new()).service(reqwest::Client::new());
/// # let _ = client;
/// ```
///
/// reqwest gives no access to the extensions of its requests. So there are no URL templates here,
/// and a retried request cannot be distinguished from a new one.
///
/// # When a request ends
///
/// Span and duration end once and at the same instant:
///
/// | what happens | outcome |
/// |---|---|
/// | the head of the response, or with [`body_end(true)`](ClientConfig::body_end) the end or the drop of its body | an error from 400 on, named by the status |
/// | the request fails | error: `timeout`, `dns`, `tls`, `connect`, … |
/// | the caller drops it before the head | no error, and no status code |
/// | a panic inside | error `panic` |
#[derive(Clone, Debug)]
pub struct OtelLayer {
    client: HttpClientInstrumentation,
}

impl OtelLayer {
    /// Records what the conventions require and recommend, with the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ClientConfig::new())
    }

    /// Records what `config` asks for, with its providers.
    #[must_use]
    pub fn with_config(config: ClientConfig) -> Self {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            client: HttpClientInstrumentation::new(scope, config),
        }
    }
}

impl Default for OtelLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for OtelLayer {
    type Service = OtelClient<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OtelClient {
            inner,
            client: self.client.clone(),
        }
    }
}

/// The service that [`OtelLayer`] puts around a client.
#[derive(Clone, Debug)]
pub struct OtelClient<S> {
    inner: S,
    client: HttpClientInstrumentation,
}

impl<S> Service<Request> for OtelClient<S>
where
    S: Service<Request, Response = Response>,
    S::Error: 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = OtelClientFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let mut operation = Some(request::start(&self.client, &mut request, None, 0));
        let inner = Operation::run_in(&mut operation, || self.inner.call(request));
        let ends_with_body = self.client.ends_with_body();
        OtelClientFuture {
            inner,
            operation,
            ends_with_body,
        }
    }
}

/// Polls the client's future in the context of the client span.
#[pin_project]
pub struct OtelClientFuture<F> {
    #[pin]
    inner: F,
    operation: Option<Operation>,
    ends_with_body: bool,
}

impl<F, E> Future for OtelClientFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: 'static,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = Operation::run_in(this.operation, || this.inner.poll(task));
        let result = ready!(polled);
        let Some(mut operation) = this.operation.take() else {
            return Poll::Ready(result);
        };
        match result {
            Ok(response) => {
                let ends_with_body = *this.ends_with_body;
                Poll::Ready(Ok(response::complete(response, operation, ends_with_body)))
            }
            Err(error) => {
                let described = describe_any(&error);
                operation.fail(described.error_type, described.message);
                operation.finish();
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F> fmt::Debug for OtelClientFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelClientFuture")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}
