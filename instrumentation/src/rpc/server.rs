//! gRPC server spans and metrics (`docs/rpc/grpc.md`, "Server").

use std::sync::Arc;

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, InstrumentationScope};

use crate::baggage::Injection;
use crate::config::{ServerConfig, ServerOptions};
use crate::convention::Convention;
use crate::http::Endpoint;
use crate::origin::{Origin, Parent};
use crate::shared::Shared;
use crate::{Operation, Request};

/// The RPC server convention for gRPC and one configuration; cheap to clone.
///
/// A [`template`](Request::template) says that the method is one that the server knows, which makes
/// it a label of the metric. Without one it is `_OTHER`, unless [`Operation::route`] tells it
/// before the end. Of the configuration, [`trust_forwarded`](ServerConfig::trust_forwarded),
/// [`scheme`](ServerConfig::scheme) and whatever HTTP alone has mean nothing to a call.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{Request, Response, RpcServer, ServerConfig, scope};
///
/// let server = RpcServer::new(scope("my-framework", "1.0.0"), ServerConfig::new());
/// let headers: HashMap<String, String> = HashMap::new();
/// let mut operation = server.start(&Request {
///     method: "POST",
///     scheme: None,
///     authority: Some("example.com:50051"),
///     path: "/example.Greeter/SayHello",
///     query: None,
///     template: Some("example.Greeter/SayHello"),
///     version: Some("2"),
///     peer: None,
///     headers: &headers,
/// });
/// operation.respond(&Response { status: 200, version: None, headers: &headers });
/// let trailers = HashMap::from([("grpc-status".to_owned(), "0".to_owned())]);
/// operation.trailers(&trailers);
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct RpcServer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    options: ServerOptions,
}

impl RpcServer {
    /// `scope` names the instrumentation, see [`scope`](crate::scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ServerConfig) -> Self {
        let shared = Shared::new(Convention::RpcServer, scope, config.rules);
        Self {
            inner: Arc::new(Inner {
                shared,
                options: config.options,
            }),
        }
    }

    /// The call begins: extracts its context and starts its span as the remote span's child.
    ///
    /// Without a remote span, a local span that is active is the parent, as where a handler calls
    /// another router of its process. Otherwise the trace begins here.
    pub fn start(&self, request: &Request<'_>) -> Operation {
        let Inner { shared, options } = &*self.inner;
        match Origin::incoming(shared, request, options) {
            Ok(origin) => super::begin(shared, request, origin, Endpoint::of(request)),
            Err(unrecorded) => unrecorded,
        }
    }

    /// The call begins inside of an HTTP request that is recorded already: the current span is its
    /// parent, whatever the headers say, because they are the parent's parent.
    ///
    /// Where no span is current after all, this is [`start`](Self::start).
    pub fn start_within(&self, request: &Request<'_>) -> Operation {
        let ambient = Context::current();
        if ambient.is_telemetry_suppressed() || !ambient.span().span_context().is_valid() {
            return self.start(request);
        }
        let shared = &self.inner.shared;
        if !shared.records(request) {
            return Operation::unrecorded(ambient, shared.clone(), Injection::Everything);
        }
        let origin = Origin {
            base: ambient,
            parent: Parent::Base,
            injection: Injection::Everything,
        };
        super::begin(shared, request, origin, Endpoint::of(request))
    }
}
