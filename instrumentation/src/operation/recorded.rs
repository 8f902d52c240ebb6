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

/// In the extensions of a request whose RPC span there is already, a server's or a client's.
///
/// Apart from [`HttpRecorded`], because a call may have a span of its own inside of an HTTP
/// request's.
#[derive(Clone, Copy, Debug)]
pub struct RpcRecorded;
