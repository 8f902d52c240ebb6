//! The layer: one instrumentation for however many routes it is applied to.

use otel_instrumentation::{HttpServerInstrumentation, ServerConfig, instrumentation_scope};
use tower_layer::Layer;

use crate::OtelService;

/// Makes a server span and the metrics of every request, and continues the caller's trace.
///
/// axum applies a layer once for each route and method; all of them share one instrumentation.
///
/// ```
/// use axum::{Router, routing::get};
/// use otel_middleware_axum::OtelLayer;
///
/// let app: Router = Router::new()
///     .route("/users/{id}", get(|| async { "user" }))
///     .layer(OtelLayer::new());
/// # let _ = app;
/// ```
///
/// # When a request ends
///
/// Span and duration end at the same instant, once, whatever happens:
///
/// | what happens | outcome | status code |
/// |---|---|---|
/// | the last byte of the body has been handed on, or the head of a `101` | an error from 500 on, named by the status | that of the response |
/// | the same, and the handler said [`ErrorType`](crate::ErrorType) or [`set_error`](crate::ServerSpan::set_error) | that error | that of the response |
/// | the service returns an `Err` | error, its type or `timeout` | none |
/// | dropped before the head of the response | error `cancelled` | none |
/// | dropped before the end of the body | error `cancelled` | that of the response |
/// | the body breaks off, or is shorter than it announced | error `body`, or `timeout` | that of the response |
/// | a panic | error `panic` | that of the response, if its head was there |
///
/// A hook ([`ServerConfig::response_attributes`]) may say that an outcome is expected: then it is
/// no error.
#[derive(Clone, Debug)]
pub struct OtelLayer {
    server: HttpServerInstrumentation,
}

impl OtelLayer {
    /// The conventions' required and recommended telemetry, to the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ServerConfig::new())
    }

    /// The telemetry that `config` asks for, where it says.
    ///
    /// ```
    /// use otel_middleware_axum::{OtelLayer, ServerConfig};
    ///
    /// let layer = OtelLayer::with_config(
    ///     ServerConfig::new()
    ///         .filter(|request| request.path != "/healthz")
    ///         .capture_request_headers(["x-request-id"]),
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_config(config: ServerConfig) -> Self {
        let scope = instrumentation_scope(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            server: HttpServerInstrumentation::new(scope, config),
        }
    }
}

impl Default for OtelLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for OtelLayer {
    type Service = OtelService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OtelService::new(inner, self.server.clone())
    }
}
