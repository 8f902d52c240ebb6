//! A layer for any client that is a service of `http` requests, such as hyper-util's.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::Body;
use opentelemetry::InstrumentationScope;
use otel_propagation::{HeaderExtractor, HeaderInjector};
use pin_project::pin_project;
use tower::{Layer, Service};

use super::{ResponseBody, content_length, facts, version};
use crate::config::ClientConfig;
use crate::facts::Response;
use crate::http::HttpClientInstrumentation;
use crate::operation::Operation;
use crate::outcome::ErrorType;

/// Records a client span and the metrics of every request, and sends its context with the request.
///
/// It is for clients without a crate of their own in this suite. Requests must have absolute URIs,
/// and each call must send one request. Put it inside a layer that retries, so that each attempt
/// has its span. The span ends with the response's head, or with its body if
/// [`ClientConfig::body_end`] says so.
///
/// There is no `network.peer.address`, because only the client knows the address of the connection.
///
/// The name of the span is the method, unless the request's extensions hold a [`UrlTemplate`].
///
/// [`ErrorType::of`] finds the `error.type` of a failed request. It sees only the sources of boxed
/// errors, so box the errors of hyper-util below the layer with `map_err(BoxError::from)`.
/// Otherwise a refused connection has the name of hyper-util's type instead of `connect`.
///
/// ```
/// use otel_instrumentation::tower::ClientLayer;
/// use otel_instrumentation::{ClientConfig, instrumentation_scope};
/// use tower::Layer;
///
/// let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
/// let layer = ClientLayer::new(scope, ClientConfig::new());
/// let client = tower::service_fn(async |_: http::Request<String>| {
///     Ok::<_, std::io::Error>(http::Response::new(String::new()))
/// });
/// let client = layer.layer(client);
/// # let _ = client;
/// ```
#[derive(Clone, Debug)]
pub struct ClientLayer {
    client: HttpClientInstrumentation,
}

/// The template of the request's path, such as `/users/{id}`. Put it into the extensions of a
/// request to set the span's name and `url.template`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlTemplate(pub &'static str);

impl ClientLayer {
    /// Creates a layer that records what `config` asks for. `scope` names the instrumentation; see
    /// [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ClientConfig) -> Self {
        Self {
            client: HttpClientInstrumentation::new(scope, config),
        }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService {
            inner,
            client: self.client.clone(),
        }
    }
}

/// The service that [`ClientLayer`] puts around a client.
#[derive(Clone, Debug)]
pub struct ClientService<S> {
    inner: S,
    client: HttpClientInstrumentation,
}

impl<S, RequestBody, B> Service<http::Request<RequestBody>> for ClientService<S>
where
    S: Service<http::Request<RequestBody>, Response = http::Response<B>>,
    S::Error: 'static,
    RequestBody: Body,
    B: Body,
{
    type Response = http::Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: http::Request<RequestBody>) -> Self::Future {
        let template = request.extensions().get::<UrlTemplate>();
        let template = template.map(|UrlTemplate(template)| *template);
        let headers = HeaderExtractor(request.headers());
        let mut facts = facts(&request, &headers).template(template);
        // A request does not know the version that will be negotiated.
        facts.version = None;
        let mut operation = self.client.start(&facts);
        operation.inject(&mut HeaderInjector(request.headers_mut()));
        if let Some(size) = request.body().size_hint().exact() {
            operation.record_request_body_size(size);
        }
        let mut operation = Some(operation);
        let inner = Operation::run_in(&mut operation, || self.inner.call(request));
        let ends_with_body = self.client.ends_with_body();
        ClientFuture {
            inner,
            operation,
            ends_with_body,
        }
    }
}

/// Polls the client's future in the context of the client span.
#[pin_project]
pub struct ClientFuture<F> {
    #[pin]
    inner: F,
    operation: Option<Operation>,
    ends_with_body: bool,
}

impl<F, B, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<http::Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<http::Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Operation::run_in(this.operation, || this.inner.poll(task)));
        let Some(mut operation) = this.operation.take() else {
            return Poll::Ready(result.map(|response| response.map(ResponseBody::untouched)));
        };
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                operation.fail(ErrorType::of(&error).0, "");
                operation.finish();
                return Poll::Ready(Err(error));
            }
        };
        let headers = HeaderExtractor(response.headers());
        let head = Response::new(response.status().as_u16(), &headers);
        operation.record_response(&head.version(version(response.version())));
        if *this.ends_with_body {
            return Poll::Ready(Ok(ResponseBody::wrap(response, operation)));
        }
        let exact = response.body().size_hint().exact();
        if let Some(size) = exact.or_else(|| content_length(response.headers())) {
            operation.record_response_body_size(size);
        }
        operation.finish();
        Poll::Ready(Ok(response.map(ResponseBody::untouched)))
    }
}

impl<F> fmt::Debug for ClientFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientFuture")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}
