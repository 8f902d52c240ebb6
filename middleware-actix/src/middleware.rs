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
use otel_instrumentation::{
    HttpRecorded, HttpServerInstrumentation, Operation, Request, ServerConfig,
    instrumentation_scope,
};
use otel_propagation::HeaderExtractor;

use crate::headers::{Headers, content_length};
use crate::pending_request::PendingRequest;
use crate::route::Fallback;
use crate::{OtelMiddlewareBody, OtelMiddlewareFuture};

/// Records a server span and the metrics of every request, and continues the caller's trace.
///
/// Its clones share one instrumentation. `HttpServer::new` calls its closure once for each worker.
/// You can create the middleware inside the closure, or clone one that was created outside.
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
///
/// # When a request ends
///
/// Span and duration end once and at the same instant:
///
/// | what happens | outcome | status code |
/// |---|---|---|
/// | the last byte of the body has been passed on, or the head of a `101` | an error from 500 on, named by the status | that of the response |
/// | the same, and the handler set [`ErrorType`](crate::ErrorType) or [`set_error`](crate::ServerSpan::set_error) | that error | that of the response |
/// | an inner middleware returns an error | that of the response that is made from the error | that of the response |
/// | dropped before the head of the response | error `cancelled` | none |
/// | dropped before the end of the body | error `cancelled` | that of the response |
/// | the body fails, or is shorter than it announced | error `body`, or `timeout` | that of the response |
/// | a panic | error `panic` | that of the response, if its head was there |
///
/// A hook ([`ServerConfig::response_attributes`]) may say that an outcome is expected. It is not an
/// error then.
#[derive(Clone, Debug)]
pub struct OtelMiddleware {
    server: HttpServerInstrumentation,
}

impl OtelMiddleware {
    /// Records what the conventions require and recommend, with the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ServerConfig::new())
    }

    /// Records what `config` asks for, with its providers.
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
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            server: HttpServerInstrumentation::new(scope, config),
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
    type Response = ServiceResponse<OtelMiddlewareBody<B>>;
    type Error = Error;
    type Transform = OtelMiddlewareService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(OtelMiddlewareService {
            inner,
            server: self.server.clone(),
            resources: OnceCell::new(),
        }))
    }
}

/// The service that [`OtelMiddleware`] puts around another one.
#[derive(Clone)]
pub struct OtelMiddlewareService<S> {
    inner: S,
    server: HttpServerInstrumentation,
    /// A clone of the application's resource map, made once. The map itself comes with each request
    /// but cannot be kept.
    resources: OnceCell<Rc<ResourceMap>>,
}

impl<S> OtelMiddlewareService<S> {
    fn start(&self, request: &ServiceRequest) -> Operation {
        let head = request.head();
        let headers = HeaderExtractor(Headers(&head.headers));
        let secure = request.app_config().secure();
        let facts = Request::new(head.method.as_str(), head.uri.path(), &headers)
            .scheme(secure.then_some("https").or_else(|| head.uri.scheme_str()))
            .authority(head.uri.authority().map(uri::Authority::as_str))
            .query(head.uri.query())
            .version(version(head.version))
            .peer(head.peer_addr);
        let mut operation = self.server.start(&facts);
        if operation.measures_bodies()
            && let Some(length) = content_length(&head.headers)
        {
            operation.record_request_body_size(length);
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

impl<S, B> Service<ServiceRequest> for OtelMiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<OtelMiddlewareBody<B>>;
    type Error = Error;
    type Future = OtelMiddlewareFuture<S::Future>;

    fn poll_ready(&self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // An inner middleware knows no better route than the outermost one. That one reads the
        // route from the response's request, which has the resource of the innermost scope.
        if request.extensions().contains::<HttpRecorded>() {
            return OtelMiddlewareFuture::untouched(self.inner.call(request));
        }
        let operation = self.start(&request);
        if operation.is_recorded() {
            request.extensions_mut().insert(HttpRecorded);
        }
        let fallback = operation.is_recording().then(|| self.fallback(&request));
        let pending = PendingRequest::new(operation, fallback);
        OtelMiddlewareFuture::new(pending, || self.inner.call(request))
    }
}

impl<S: fmt::Debug> fmt::Debug for OtelMiddlewareService<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtelMiddlewareService")
            .field("inner", &self.inner)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

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
