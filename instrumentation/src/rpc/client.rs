//! gRPC client spans and metrics (`docs/rpc/grpc.md`, "Client").

use std::sync::Arc;

use opentelemetry::InstrumentationScope;

use super::begin::begin;
use super::target::server;
use crate::config::{ClientConfig, ClientOptions};
use crate::facts::Request;
use crate::operation::{Convention, Instrumentation, Origin, RpcOperation};

/// The RPC client convention for gRPC and one configuration; cheap to clone.
///
/// [`authority`](Request::authority) is the target that the client was given: `host[:port]`, or one
/// of gRPC's own forms such as `dns:///example.com:443`. Set a [`template`](Request::template) if
/// the client's stubs know the method; see
/// [`RpcServerInstrumentation`](crate::RpcServerInstrumentation). The operation lasts until the
/// call's stream ends; [`body_end`](ClientConfig::body_end) has no effect.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{
///     ClientConfig, Request, Response, RpcClientInstrumentation, instrumentation_scope,
/// };
///
/// let scope = instrumentation_scope("my-client", "1.0.0");
/// let client = RpcClientInstrumentation::new(scope, ClientConfig::new());
/// let mut headers: HashMap<String, String> = HashMap::new();
/// let mut operation = client.start(
///     &Request::new("POST", "/example.Greeter/SayHello", &headers)
///         .scheme("http")
///         .authority("example.com:50051")
///         .template("example.Greeter/SayHello"),
/// );
/// operation.inject(&mut headers);
/// operation.record_response(&Response::new(200, &headers));
/// let trailers = HashMap::from([("grpc-status".to_owned(), "5".to_owned())]);
/// operation.record_trailers(&trailers); // NOT_FOUND: an error for the client
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct RpcClientInstrumentation {
    instrumentation: Arc<Instrumentation>,
    options: ClientOptions,
}

impl RpcClientInstrumentation {
    /// `scope` names the instrumentation, see [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ClientConfig) -> Self {
        let ClientConfig { common, options } = config;
        Self {
            instrumentation: Instrumentation::new(Convention::RpcClient, scope, common),
            options,
        }
    }

    /// Starts the operation of a call, as a child of the current span.
    pub fn start(&self, request: &Request<'_>) -> RpcOperation {
        let Self {
            instrumentation,
            options,
        } = self;
        match Origin::outgoing(instrumentation, request, options) {
            Ok(origin) => {
                let server = server(request, &instrumentation.config);
                begin(instrumentation, request, origin, server)
            }
            Err(unrecorded) => RpcOperation::new(unrecorded),
        }
    }
}
