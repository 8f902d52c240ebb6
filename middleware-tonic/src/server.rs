//! The server layer: tonic's facts about a call, handed to the instrumentation.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use http_body::Body;
use otel_instrumentation::tower::{RequestHeaders, facts};
use otel_instrumentation::{
    HttpRecorded, RpcClientRecorded, RpcServerInstrumentation, RpcServerRecorded, ServerConfig,
    instrumentation_scope, rpc_method,
};
use tonic::server::NamedService;
use tonic::transport::server::TcpConnectInfo;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::Call;
use crate::call_body::CallBody;
use crate::candidate::{Candidate, Side, is_grpc};
use crate::methods::Methods;
use crate::request_body::RequestProgress;
use crate::server_future::OtelServerFuture;
use crate::web;

/// Records a server span and the metric of every call, and continues the caller's trace.
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
/// Requests whose `content-type` is not that of gRPC pass through unchanged.
///
/// # When a call ends
///
/// Span and duration end once and at the same instant:
///
/// | what happens | `rpc.status_code` | outcome |
/// |---|---|---|
/// | `grpc-status` in the trailers, or in the head of a response without messages | that status | an error for `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS` |
/// | the same, and the handler set [`ErrorType`](crate::ErrorType) or [`set_error`](crate::ServerSpan::set_error) | that status | that error |
/// | the stream ends without `grpc-status` | the code that the HTTP status maps to; `UNKNOWN` for 200 | depends on the code |
/// | dropped before its end: the client disconnected, or a deadline passed | `CANCELLED` | no error |
/// | the service returns an error that is not a `Status` | `UNKNOWN` | error, with the error's type |
/// | a panic | `UNKNOWN` | error `panic` |
#[derive(Clone, Debug)]
pub struct OtelServerLayer {
    server: RpcServerInstrumentation,
    methods: Arc<Methods>,
}

impl OtelServerLayer {
    /// Records what the conventions require and recommend, with the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ServerConfig::new())
    }

    /// Records what `config` asks for, with its providers.
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
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            server: RpcServerInstrumentation::new(scope, config),
            methods: Arc::new(Methods::learned()),
        }
    }

    /// Lists the methods to recognise, as `package.Service/Method`. All others are recorded as
    /// `_OTHER`.
    ///
    /// Default: the methods that an answer has shown to exist. With a list, a method has its name
    /// from its first call on, and samplers see it.
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

/// The service that [`OtelServerLayer`] puts around another one.
#[derive(Clone, Debug)]
pub struct OtelServerService<S> {
    inner: S,
    layer: OtelServerLayer,
}

impl<S> OtelServerService<S> {
    fn start<B: 'static>(&self, request: &mut Request<B>) -> Call {
        let OtelServerLayer { server, methods } = &self.layer;
        let headers = RequestHeaders::new(request.headers());
        let facts = facts(request, &headers);
        let recognise = |method: &&str| methods.recognises(method);
        // Nearly all paths are those of known methods and need not be parsed.
        let known = facts.path.strip_prefix('/').filter(recognise);
        let method = known.or_else(|| rpc_method(facts.path));
        let recognised = known.or_else(|| method.filter(recognise));
        let peer = request.extensions().get::<TcpConnectInfo>();
        let authority = facts
            .authority
            .filter(|authority| *authority != UNIX_SOCKET || !is_unix_socket(request));
        let facts = facts
            .authority(authority)
            .template(recognised)
            .peer(peer.and_then(TcpConnectInfo::remote_addr));
        // An HTTP server span of the same request is the parent, not the one in the headers.
        let mut operation = match request.extensions().get::<HttpRecorded>() {
            Some(_) => server.start_within(&facts),
            None => server.start(&facts),
        };
        let unknown = method.filter(|_| operation.is_recorded() && recognised.is_none());
        let progress = if unknown.is_some() || operation.is_recording() {
            RequestProgress::watched()
        } else {
            RequestProgress::default()
        };
        let candidate = unknown.and_then(|method| {
            Candidate::new(method, methods, &mut operation, Side::Server, &progress)
        });
        progress.watch(request.body_mut());
        // A call that the handler forwards is another one.
        let extensions = request.extensions_mut();
        extensions.remove::<RpcClientRecorded>();
        if operation.is_recorded() {
            extensions.insert(RpcServerRecorded);
        }
        Call::new(operation, candidate).watched(progress)
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for OtelServerService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: 'static,
    RequestBody: 'static,
    B: Body,
{
    type Response = Response<CallBody<B>>;
    type Error = S::Error;
    type Future = OtelServerFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let is_ours =
            is_call(&request) && request.extensions().get::<RpcServerRecorded>().is_none();
        let call = is_ours.then(|| self.start(&mut request));
        OtelServerFuture::new(call, || self.inner.call(request))
    }
}

/// Keeps the name of the service, so that the layer can also be put around a single service.
impl<S: NamedService> NamedService for OtelServerService<S> {
    const NAME: &'static str = S::NAME;
}

/// True if a call came over a Unix domain socket.
#[cfg(unix)]
fn is_unix_socket<B>(request: &Request<B>) -> bool {
    let extensions = request.extensions();
    extensions
        .get::<tonic::transport::server::UdsConnectInfo>()
        .is_some()
}

#[cfg(not(unix))]
fn is_unix_socket<B>(_: &Request<B>) -> bool {
    false
}

/// True if a request is gRPC, by its `content-type`, which clients have to send. A request without
/// one counts as gRPC, unless it is recorded as HTTP.
fn is_call<B>(request: &Request<B>) -> bool {
    if let Some(content_type) = request.headers().get(CONTENT_TYPE) {
        return is_grpc(content_type) && !web::is_text(content_type);
    }
    request.method() == Method::POST && request.extensions().get::<HttpRecorded>().is_none()
}

/// The authority that tonic's clients send over Unix domain sockets.
pub(crate) const UNIX_SOCKET: &str = "tonic";
