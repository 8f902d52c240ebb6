//! The layer: one instrumentation for all routes that it is applied to.

use otel_instrumentation::{HttpServerInstrumentation, ServerConfig, instrumentation_scope};
use tower_layer::Layer;

use crate::OtelService;

/// Records a server span and the metrics of every request, and continues the caller's trace.
///
/// axum applies a layer once for each route and method. All of them share one instrumentation.
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
/// Span and duration end once and at the same instant:
///
/// | what happens | outcome | status code |
/// |---|---|---|
/// | the last byte of the body has been passed on, or the head of a `101` | an error from 500 on, named by the status | that of the response |
/// | the same, and the handler set [`ErrorType`](crate::ErrorType) or [`set_error`](crate::ServerSpan::set_error) | that error | that of the response |
/// | the service returns an `Err` | error, its type or `timeout` | none |
/// | dropped before the head of the response | error `cancelled` | none |
/// | dropped before the end of the body | error `cancelled` | that of the response |
/// | the body fails, or is shorter than it announced | error `body`, or `timeout` | that of the response |
/// | a panic | error `panic` | that of the response, if its head was there |
///
/// A hook ([`ServerConfig::response_attributes`]) may say that an outcome is expected. It is not an
/// error then.
#[derive(Clone, Debug)]
pub struct OtelLayer {
    server: HttpServerInstrumentation,
}

impl OtelLayer {
    /// Records what the conventions require and recommend, with the global providers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(ServerConfig::new())
    }

    /// Records what `config` asks for, with its providers.
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
