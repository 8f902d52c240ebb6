//! gRPC server spans and metrics (`docs/rpc/grpc.md`, "Server").

use std::sync::Arc;

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, InstrumentationScope};

use super::begin::begin;
use crate::config::{ServerConfig, ServerOptions};
use crate::facts::Request;
use crate::http::ServerAddress;
use crate::operation::{Convention, Instrumentation, Operation, Origin, RpcOperation};

/// The RPC server convention for gRPC and one configuration; cheap to clone.
///
/// Set a [`template`](Request::template) if the server knows the method. Only then is the method a
/// label of the metric. Otherwise the label is `_OTHER`, unless
/// [`record_route`](Operation::record_route) sets the method before the end.
/// [`trust_forwarded`](ServerConfig::trust_forwarded), [`scheme`](ServerConfig::scheme) and all
/// options that only HTTP has are ignored for calls.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{
///     Request, Response, RpcServerInstrumentation, ServerConfig, instrumentation_scope,
/// };
///
/// let scope = instrumentation_scope("my-framework", "1.0.0");
/// let server = RpcServerInstrumentation::new(scope, ServerConfig::new());
/// let headers: HashMap<String, String> = HashMap::new();
/// let mut operation = server.start(
///     &Request::new("POST", "/example.Greeter/SayHello", &headers)
///         .authority("example.com:50051")
///         .template("example.Greeter/SayHello"),
/// );
/// operation.record_response(&Response::new(200, &headers));
/// let trailers = HashMap::from([("grpc-status".to_owned(), "0".to_owned())]);
/// operation.record_trailers(&trailers);
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct RpcServerInstrumentation {
    instrumentation: Arc<Instrumentation>,
    options: ServerOptions,
}

impl RpcServerInstrumentation {
    /// `scope` names the instrumentation, see [`instrumentation_scope`](crate::instrumentation_scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ServerConfig) -> Self {
        let ServerConfig { common, options } = config;
        Self {
            instrumentation: Instrumentation::new(Convention::RpcServer, scope, common),
            options,
        }
    }

    /// Starts the operation of a call: extracts its context and starts its span as a child of the
    /// remote span.
    ///
    /// Without a remote span, an active local span is the parent, for instance if a handler calls
    /// another router of its process. Otherwise the trace begins here.
    pub fn start(&self, request: &Request<'_>) -> RpcOperation {
        let Self {
            instrumentation,
            options,
        } = self;
        self.begin(request, Origin::incoming(instrumentation, request, options))
    }

    /// Starts the operation of a call inside an HTTP request that is already recorded. The current
    /// span is its parent, whatever the headers say, because they name the parent's parent.
    ///
    /// If no span is current, this is the same as [`start`](Self::start).
    pub fn start_within(&self, request: &Request<'_>) -> RpcOperation {
        let ambient = Context::current();
        if ambient.is_telemetry_suppressed() || !ambient.span().span_context().is_valid() {
            return self.start(request);
        }
        let instrumentation = &self.instrumentation;
        if self.options.suppresses(request) {
            return RpcOperation::new(Operation::passing_on(ambient.with_telemetry_suppressed()));
        }
        if !instrumentation.records(request) {
            return RpcOperation::new(Operation::passing_on(ambient));
        }
        self.begin(request, Origin::within(instrumentation, ambient))
    }

    /// Starts the operation at `origin`, or returns one that records nothing.
    fn begin(&self, request: &Request<'_>, origin: Result<Origin, Operation>) -> RpcOperation {
        let instrumentation = &self.instrumentation;
        match origin {
            Ok(origin) => {
                let server = ServerAddress::of_server(request, &instrumentation.config);
                begin(instrumentation, request, origin, server)
            }
            Err(unrecorded) => RpcOperation::new(unrecorded),
        }
    }
}
