//! The server layer: tonic's facts about a call, handed to the instrumentation.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use otel_instrumentation::{
    self as instrumentation, ErrorType, HttpRecorded, Operation, RpcServer, ServerConfig, http1,
    rpc_method, scope,
};
use pin_project::pin_project;
use tonic::Status;
use tonic::server::NamedService;
use tonic::transport::server::TcpConnectInfo;
use tower_layer::Layer;
use tower_service::Service;

use crate::ResponseBody;
use crate::body::record;
use crate::method::{Candidate, Methods, Side, is_grpc};
use crate::web;

/// Makes a server span and the metric of every call, and continues the caller's trace.
///
/// ```no_run
/// use otel_middleware_tonic::OtelServerLayer;
/// use tonic::transport::Server;
///
/// # async fn serve() -> Result<(), tonic::transport::Error> {
/// let (_, health) = tonic_health::server::health_reporter();
/// Server::builder()
///     .layer(OtelServerLayer::new())
///     .add_service(health)
///     .serve(([127, 0, 0, 1], 50051).into())
///     .await
/// # }
/// ```
///
/// Requests that are not gRPC, by their `content-type`, are passed through untouched.
#[derive(Clone, Debug)]
pub struct OtelServerLayer {
    server: RpcServer,
    methods: Arc<Methods>,
}

impl OtelServerLayer {
    /// The conventions' required and recommended telemetry, to the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ServerConfig::new())
    }

    /// As configured.
    ///
    /// ```
    /// use otel_middleware_tonic::{OtelServerLayer, ServerConfig};
    ///
    /// let layer = OtelServerLayer::with_config(
    ///     ServerConfig::new()
    ///         .filter(|call| !call.path.starts_with("/grpc.health.v1.Health/"))
    ///         .capture_request_headers(["x-request-id"]),
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_config(config: ServerConfig) -> Self {
        let scope = scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            server: RpcServer::new(scope, config),
            methods: Arc::new(Methods::learned()),
        }
    }

    /// The methods to recognise, as `package.Service/Method`; all others are `_OTHER`.
    ///
    /// Default: those that were seen to be reached. With a list a method has its name from its
    /// first call on, and samplers see it.
    ///
    /// ```
    /// use otel_middleware_tonic::OtelServerLayer;
    ///
    /// let layer = OtelServerLayer::new().methods(["example.Greeter/SayHello"]);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.methods = Arc::new(Methods::listed(methods));
        self
    }
}

impl Default for OtelServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for OtelServerLayer {
    type Service = OtelServerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OtelServerService {
            inner,
            layer: self.clone(),
        }
    }
}

/// What [`OtelServerLayer`] makes of a service.
#[derive(Clone, Debug)]
pub struct OtelServerService<S> {
    inner: S,
    layer: OtelServerLayer,
}

impl<S> OtelServerService<S> {
    fn start<B>(&self, request: &Request<B>) -> (Operation, Option<Box<Candidate>>) {
        let OtelServerLayer { server, methods } = &self.layer;
        let headers = http1::RequestHeaders::new(request.headers());
        let facts = http1::facts(request, &headers);
        let recognise = |method: &&str| methods.recognises(method);
        // Nearly all paths are those of methods that are known, and need not be taken apart.
        let known = facts.path.strip_prefix('/').filter(recognise);
        let method = known.or_else(|| rpc_method(facts.path));
        let recognised = known.or_else(|| method.filter(recognise));
        let peer = request.extensions().get::<TcpConnectInfo>();
        let facts = instrumentation::Request {
            template: recognised,
            peer: peer.and_then(TcpConnectInfo::remote_addr),
            ..facts
        };
        // An HTTP server span of the same request is the parent, not the one in the headers.
        let mut operation = match request.extensions().get::<HttpRecorded>() {
            Some(_) => server.start_within(&facts),
            None => server.start(&facts),
        };
        let candidate = match (method, recognised) {
            (Some(method), None) => Candidate::new(method, methods, &mut operation, Side::Server),
            _ => None,
        };
        (operation, candidate)
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for OtelServerService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: 'static,
    RequestBody: 'static,
    B: Body,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        if !is_call(&request) || request.extensions().get::<Recorded>().is_some() {
            return ServerFuture {
                inner: self.inner.call(request),
                candidate: None,
                operation: None,
            };
        }
        let (operation, candidate) = self.start(&request);
        if operation.is_recorded() {
            request.extensions_mut().insert(Recorded);
        }
        if let Some(candidate) = &candidate {
            watch(request.body_mut(), candidate.read());
        }
        let mut operation = Some(operation);
        let inner = Operation::scope_of(&mut operation, || self.inner.call(request));
        ServerFuture {
            inner,
            candidate,
            operation,
        }
    }
}

/// A service keeps its name, so that the layer can also be put around one of them.
impl<S: NamedService> NamedService for OtelServerService<S> {
    const NAME: &'static str = S::NAME;
}

/// Polls a service's future in the context of the call, up to the response's head.
#[pin_project]
pub struct ServerFuture<F> {
    #[pin]
    inner: F,
    // Dropped before the operation, which it may still tell what the method was.
    candidate: Option<Box<Candidate>>,
    /// `None` where another layer records the call, and after the head.
    operation: Option<Operation>,
}

impl<F, B, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: 'static,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let candidate = this.candidate.as_deref();
        let result = ready!(Operation::scope_of(this.operation, || {
            let _unwinding = candidate.map(Candidate::unwinding);
            this.inner.poll(task)
        }));
        let candidate = this.candidate.take();
        let Some(mut operation) = this.operation.take() else {
            return Poll::Ready(result.map(|response| response.map(ResponseBody::untouched)));
        };
        Poll::Ready(match result {
            Ok(response) => Ok(ResponseBody::wrap(response, operation, candidate)),
            Err(error) => {
                match status_of(&error) {
                    Some(status) => record(&mut operation, status),
                    None => operation.fail(ErrorType::of::<E>().0, ""),
                }
                drop(candidate);
                operation.finish();
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ServerFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerFuture")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// Marks a request that a layer further out records already.
#[derive(Clone, Copy)]
struct Recorded;

/// Whether a request is gRPC: by its `content-type`, which clients have to send. One without is
/// given the benefit of the doubt, unless it is recorded as HTTP.
fn is_call<B>(request: &Request<B>) -> bool {
    if let Some(content_type) = request.headers().get(CONTENT_TYPE) {
        return is_grpc(content_type) && !web::is_text(content_type);
    }
    request.method() == Method::POST && request.extensions().get::<HttpRecorded>().is_none()
}

/// The status that an error of a tower stack is, or was made from. tonic answers with it.
fn status_of<E: 'static>(error: &E) -> Option<&Status> {
    let error: &dyn Any = error;
    if let Some(status) = error.downcast_ref() {
        return Some(status);
    }
    let first: &(dyn Error + 'static) = error
        .downcast_ref::<Box<dyn Error + Send + Sync>>()?
        .as_ref();
    std::iter::successors(Some(first), |error| (*error).source())
        .find_map(<dyn Error>::downcast_ref)
}

/// Lets `read` know when a request's body is read; tonic's own type of body only, which is what
/// its server has.
fn watch<B: 'static>(body: &mut B, read: &Arc<AtomicBool>) {
    let body: &mut dyn Any = body;
    if let Some(body) = body.downcast_mut::<tonic::body::Body>() {
        let inner = std::mem::take(body);
        let read = read.clone();
        *body = tonic::body::Body::new(Watched { inner, read });
    }
}

struct Watched {
    inner: tonic::body::Body,
    read: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = <tonic::body::Body as Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        self.read.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
