//! gRPC client spans and metrics (`docs/rpc/grpc.md`, "Client").

use std::sync::Arc;

use opentelemetry::InstrumentationScope;

use super::target::server;
use crate::config::{ClientConfig, ClientOptions};
use crate::convention::Convention;
use crate::origin::Origin;
use crate::shared::Shared;
use crate::{Operation, Request};

/// The RPC client convention for gRPC and one configuration; cheap to clone.
///
/// [`authority`](Request::authority) is the target that the client was given: `host[:port]`, or one
/// of gRPC's own forms such as `dns:///example.com:443`. A [`template`](Request::template) says
/// that the method is one that the client's stubs know, see [`RpcServer`](crate::RpcServer). The
/// operation lasts until the call's stream ends, whatever
/// [`body_end`](ClientConfig::body_end) says.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{ClientConfig, Request, Response, RpcClient, scope};
///
/// let client = RpcClient::new(scope("my-client", "1.0.0"), ClientConfig::new());
/// let mut headers: HashMap<String, String> = HashMap::new();
/// let mut operation = client.start(&Request {
///     method: "POST",
///     scheme: Some("http"),
///     authority: Some("example.com:50051"),
///     path: "/example.Greeter/SayHello",
///     query: None,
///     template: Some("example.Greeter/SayHello"),
///     version: Some("2"),
///     peer: None,
///     headers: &headers,
/// });
/// operation.inject(&mut headers);
/// operation.respond(&Response { status: 200, version: None, headers: &headers });
/// let trailers = HashMap::from([("grpc-status".to_owned(), "5".to_owned())]);
/// operation.trailers(&trailers); // NOT_FOUND: an error for the client
/// operation.finish();
/// ```
#[derive(Clone, Debug)]
pub struct RpcClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    options: ClientOptions,
}

impl RpcClient {
    /// `scope` names the instrumentation, see [`scope`](crate::scope).
    #[must_use]
    pub fn new(scope: InstrumentationScope, config: ClientConfig) -> Self {
        let shared = Shared::new(Convention::RpcClient, scope, config.rules);
        Self {
            inner: Arc::new(Inner {
                shared,
                options: config.options,
            }),
        }
    }

    /// The call begins, as a child of the current span.
    pub fn start(&self, request: &Request<'_>) -> Operation {
        let Inner { shared, options } = &*self.inner;
        match Origin::outgoing(shared, request, options) {
            Ok(origin) => super::begin(shared, request, origin, server(request)),
            Err(unrecorded) => unrecorded,
        }
    }
}
