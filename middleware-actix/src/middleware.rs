//! The middleware: actix's facts about a request, handed to the instrumentation.

use std::cell::OnceCell;
use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::MessageBody;
use actix_web::dev::{ResourceMap, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::{Version, uri};
use actix_web::{Error, HttpMessage};
use otel_instrumentation::{HttpServer, Operation, Request, ServerConfig, scope};
use otel_propagation::HeaderExtractor;

use crate::headers::{Headers, content_length};
use crate::route::Fallback;
use crate::unanswered::Unanswered;
use crate::{ResponseBody, ResponseFuture};

/// Makes a server span and the metrics of every request, and continues the caller's trace.
///
/// Its clones share one instrumentation. `HttpServer::new` calls its closure once for each worker:
/// a middleware that is made inside works as well as a clone of one that is made outside.
///
/// ```
/// use actix_web::{App, web};
/// use otel_middleware_actix::OtelMiddleware;
///
/// let app = App::new()
///     .wrap(OtelMiddleware::new())
///     .route("/users/{id}", web::get().to(|| async { "user" }));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
pub struct OtelMiddleware {
    server: HttpServer,
}

impl OtelMiddleware {
    /// The conventions' required and recommended telemetry, to the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ServerConfig::new())
    }

    /// As configured.
    ///
    /// ```
    /// use otel_middleware_actix::{OtelMiddleware, ServerConfig};
    ///
    /// let middleware = OtelMiddleware::with_config(
    ///     ServerConfig::new()
    ///         .filter(|request| request.path != "/healthz")
    ///         .capture_request_headers(["x-request-id"]),
    /// );
    /// # let _ = middleware;
    /// ```
    #[must_use]
    pub fn with_config(config: ServerConfig) -> Self {
        let scope = scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            server: HttpServer::new(scope, config),
        }
    }
}

impl Default for OtelMiddleware {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, B> Transform<S, ServiceRequest> for OtelMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ResponseBody<B>>;
    type Error = Error;
    type Transform = OtelService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(OtelService {
            inner,
            server: self.server.clone(),
            resources: OnceCell::new(),
        }))
    }
}

/// What [`OtelMiddleware`] makes of a service.
#[derive(Clone)]
pub struct OtelService<S> {
    inner: S,
    server: HttpServer,
    /// The application's, which comes with each request but cannot be kept; cloned once.
    resources: OnceCell<Rc<ResourceMap>>,
}

impl<S> OtelService<S> {
    fn start(&self, request: &ServiceRequest) -> Operation {
        let head = request.head();
        let headers = HeaderExtractor(Headers(&head.headers));
        let secure = request.app_config().secure();
        let mut operation = self.server.start(&Request {
            method: head.method.as_str(),
            scheme: secure.then_some("https").or_else(|| head.uri.scheme_str()),
            authority: head.uri.authority().map(uri::Authority::as_str),
            path: head.uri.path(),
            query: head.uri.query(),
            template: None,
            version: version(head.version),
            peer: head.peer_addr,
            headers: &headers,
        });
        if operation.measures_bodies()
            && let Some(length) = content_length(&head.headers)
        {
            operation.request_body_size(length);
        }
        operation
    }

    fn fallback(&self, request: &ServiceRequest) -> Fallback {
        let resources = self
            .resources
            .get_or_init(|| Rc::new(request.resource_map().clone()));
        Fallback::new(request.uri(), resources)
    }
}

impl<S, B> Service<ServiceRequest> for OtelService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ResponseBody<B>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if request.extensions().contains::<Recorded>() {
            return ResponseFuture::untouched(self.inner.call(request));
        }
        let operation = self.start(&request);
        if operation.is_recorded() {
            request.extensions_mut().insert(Recorded);
        }
        let fallback = operation.is_recording().then(|| self.fallback(&request));
        let unanswered = Unanswered::new(operation, fallback);
        ResponseFuture::new(unanswered, || self.inner.call(request))
    }
}

impl<S: fmt::Debug> fmt::Debug for OtelService<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelService")
            .field("inner", &self.inner)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// In the extensions of a request that has its span, for middlewares further in.
///
/// They know no better route than the outermost: it reads the route from the response's request,
/// where the resource of the innermost scope stands.
struct Recorded;

/// `network.protocol.version`.
fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_09 => Some("0.9"),
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}
