//! Marks of requests that have their span, for layers and middlewares further in.
//!
//! They travel with the request, not with the context: a request that a handler sends to another
//! router of its process has a span of its own. They have no size, because what has one is boxed in
//! the extensions of a request.

/// In the extensions of a request whose HTTP server span there is already.
///
/// A second layer of the same convention finds it there and starts no second span.
#[derive(Clone, Copy, Debug)]
pub struct HttpRecorded;

/// In the extensions of a call whose RPC server span there is already.
///
/// Apart from [`HttpRecorded`], because a call may have a span of its own inside of an HTTP
/// request's.
#[derive(Clone, Copy, Debug)]
pub struct RpcServerRecorded;

/// In the extensions of a call whose RPC client span there is already.
///
/// Apart from [`RpcServerRecorded`], because a server may pass a request on with all that is in it. To
/// whoever serves it next, what a client sends is another request: a client takes the marks of a server
/// away, and a server that of a client.
#[derive(Clone, Copy, Debug)]
pub struct RpcClientRecorded;
