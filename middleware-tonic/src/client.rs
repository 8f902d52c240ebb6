//! The client layer: one span from the call to the end of its stream.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use http_body::Body;
use otel_instrumentation::tower::facts;
use otel_instrumentation::{
    ClientConfig, HttpRecorded, RpcClientInstrumentation, RpcClientRecorded, RpcServerRecorded,
    instrumentation_scope, rpc_method,
};
use otel_propagation::{HeaderExtractor, HeaderInjector};
use tonic::GrpcMethod;
use tonic::transport::Endpoint;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::Call;
use crate::call_body::CallBody;
use crate::candidate::{Candidate, Side};
use crate::client_future::OtelClientFuture;
use crate::deadline::deadline;
use crate::methods::Methods;
use crate::request_body::RequestProgress;
use crate::server::UNIX_SOCKET;

/// Records a client span and the metric of every call, and sends the context with the call.
///
/// ```
/// use otel_middleware_tonic::OtelClientLayer;
/// use tonic::transport::Endpoint;
/// use tonic_health::pb::health_client::HealthClient;
/// use tower::ServiceBuilder;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let endpoint = Endpoint::from_static("http://127.0.0.1:50051");
/// let channel = ServiceBuilder::new()
///     .layer(OtelClientLayer::for_endpoint(&endpoint))
///     .service(endpoint.connect_lazy());
/// let client = HealthClient::new(channel);
/// # let _ = client;
/// # }
/// ```
///
/// # When a call ends
///
/// Span and duration end once and at the same instant:
///
/// | what happens | `rpc.status_code` | outcome |
/// |---|---|---|
/// | `grpc-status` in the trailers, or in the head of a response without messages | that status | an error unless `OK` |
/// | the stream ends without `grpc-status` | the code that the HTTP status maps to; `UNKNOWN` for 200 | depends on the code |
/// | the caller drops the call or its stream | `CANCELLED` | error `CANCELLED`, or `DEADLINE_EXCEEDED` after the deadline |
/// | the transport fails | the code of the `Status` that the caller gets | error, that code |
/// | a panic | `UNKNOWN` | error `panic` |
#[derive(Clone, Debug)]
pub struct OtelClientLayer {
    client: RpcClientInstrumentation,
    target: Option<Arc<Target>>,
    methods: Arc<Methods>,
}

/// The target that the client was configured to call.
#[derive(Debug)]
struct Target {
    scheme: Option<String>,
    authority: String,
    /// Set if the URI has an address instead of a name.
    peer: Option<SocketAddr>,
}

impl OtelClientLayer {
    /// Records what the conventions require and recommend, with the global providers.
    ///
    /// A channel does not know its target. Set it by [`server`](Self::server) or
    /// [`for_endpoint`](Self::for_endpoint). Without them, `server.address` is taken from the URI
    /// of the call, which has a host only if the client was created `with_origin`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ClientConfig::new())
    }

    /// Records what `config` asks for, with its providers.
    ///
    /// ```
    /// use otel_middleware_tonic::{ClientConfig, OtelClientLayer};
    ///
    /// let layer = OtelClientLayer::with_config(
    ///     ClientConfig::new().filter(|call| !call.path.starts_with("/grpc.health.v1.Health/")),
    /// )
    /// .server("greeter.internal", 50051);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_config(config: ClientConfig) -> Self {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            client: RpcClientInstrumentation::new(scope, config),
            target: None,
            methods: Arc::new(Methods::learned()),
        }
    }

    /// The same as [`new`](Self::new), with this endpoint as the server; see
    /// [`endpoint`](Self::endpoint).
    #[must_use]
    pub fn for_endpoint(endpoint: &Endpoint) -> Self {
        Self::new().endpoint(endpoint)
    }

    /// Takes `server.address` and `server.port` from the endpoint's URI. If the URI has no port, it
    /// is the one that the scheme implies. If the URI has an IP address, `network.peer.*` is set as
    /// well.
    ///
    /// An endpoint for a Unix domain socket does not know its path; use [`server`](Self::server).
    /// Default: see [`new`](Self::new).
    #[must_use]
    pub fn endpoint(mut self, endpoint: &Endpoint) -> Self {
        let uri = endpoint.uri();
        let is_unix_socket = uri.scheme_str() == Some("http")
            && uri.authority().is_some_and(|it| it.as_str() == UNIX_SOCKET);
        self.target = uri.host().filter(|_| !is_unix_socket).map(|host| {
            Arc::new(Target {
                scheme: uri.scheme_str().map(str::to_owned),
                authority: match uri.port_u16() {
                    Some(port) => format!("{host}:{port}"),
                    None => host.to_owned(),
                },
                peer: peer(uri),
            })
        });
        self
    }

    /// Sets `server.address` and `server.port`: the target that the client calls, such as the name
    /// of the service behind a balanced channel. A path means a Unix domain socket. Default: see
    /// [`new`](Self::new).
    ///
    /// ```
    /// use otel_middleware_tonic::OtelClientLayer;
    ///
    /// let tcp = OtelClientLayer::new().server("greeter.internal", 50051);
    /// let unix = OtelClientLayer::new().server("/run/greeter.sock", None);
    /// # let _ = (tcp, unix);
    /// ```
    #[must_use]
    pub fn server(mut self, host: &str, port: impl Into<Option<u16>>) -> Self {
        let host = match host {
            path if path.starts_with('/') => format!("unix://{path}"),
            ipv6 if ipv6.contains(':') && !ipv6.contains(['[', '/']) => format!("[{ipv6}]"),
            host => host.to_owned(),
        };
        let authority = match port.into() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        self.target = Some(Arc::new(Target {
            scheme: None,
            authority,
            peer: None,
        }));
        self
    }

    /// Lists the methods to recognise, as `package.Service/Method`. All others are recorded as
    /// `_OTHER`, including those of generated clients.
    ///
    /// Default: the methods of generated clients, and those that a server has answered.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.methods = Arc::new(Methods::listed(methods));
        self
    }
}

impl Default for OtelClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for OtelClientLayer {
    type Service = OtelClientService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OtelClientService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`OtelClientLayer`] puts around a channel. Generated clients take it in place
/// of the channel.
///
/// Its errors are the [`Status`](tonic::Status) that a generated client would make from the errors
/// of the channel, if there is one.
#[derive(Clone, Debug)]
pub struct OtelClientService<S> {
    inner: S,
    layer: OtelClientLayer,
}

impl<S> OtelClientService<S> {
    fn start<B>(&self, request: &mut Request<B>) -> Call {
        let OtelClientLayer {
            client,
            target,
            methods,
        } = &self.layer;
        let headers = HeaderExtractor(request.headers());
        let facts = facts(request, &headers);
        let (scheme, authority) = match target.as_deref() {
            Some(target) => (target.scheme.as_deref(), Some(target.authority.as_str())),
            None => (facts.scheme, facts.authority),
        };
        let method = rpc_method(facts.path);
        let is_generated = request.extensions().get::<GrpcMethod<'static>>().is_some();
        let recognised = method.filter(|method| match &**methods {
            Methods::Learned(_) if is_generated => true,
            methods => methods.recognises(method),
        });
        let facts = facts
            .scheme(scheme)
            .authority(authority)
            .template(recognised);
        let deadline = deadline(request.headers());
        let mut operation = client.start(&facts);
        // Not watched, because the messages are the caller's own.
        let progress = RequestProgress::default();
        let candidate = match (method, recognised) {
            (Some(method), None) => {
                Candidate::new(method, methods, &mut operation, Side::Client, &progress)
            }
            _ => None,
        };
        operation.inject(&mut HeaderInjector(request.headers_mut()));
        // A call that a server forwards is a new one here, for the next server in this process.
        let extensions = request.extensions_mut();
        extensions.remove::<RpcServerRecorded>();
        extensions.remove::<HttpRecorded>();
        if operation.is_recorded() {
            extensions.insert(RpcClientRecorded);
        }
        let peer = target.as_deref().and_then(|target| target.peer);
        Call::new(operation, candidate).until(deadline).to(peer)
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for OtelClientService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body,
{
    type Response = Response<CallBody<B>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = OtelClientFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let is_ours = request.extensions().get::<RpcClientRecorded>().is_none();
        let call = is_ours.then(|| self.start(&mut request));
        OtelClientFuture::new(call, || self.inner.call(request))
    }
}

/// The peer of an endpoint, if its URI has an address instead of a name. An unspecified address is
/// a placeholder of programs that connect by other means.
fn peer(uri: &Uri) -> Option<SocketAddr> {
    let ip: IpAddr = uri.host()?.trim_matches(['[', ']']).parse().ok()?;
    let port = uri.port_u16().or_else(|| match uri.scheme_str()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })?;
    (!ip.is_unspecified()).then_some(SocketAddr::new(ip, port))
}
