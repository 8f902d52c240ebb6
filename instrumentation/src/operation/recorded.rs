//! Marks of requests that have their span already, for inner layers and middlewares.
//!
//! They travel with the request, not with the context: a request that a handler sends to another
//! router of its process gets its own span. They have size zero, because the extensions of a
//! request box any larger value.

/// In the extensions of a request that has its HTTP server span already.
///
/// A second layer of the same convention finds it there and starts no second span.
#[derive(Clone, Copy, Debug)]
pub struct HttpRecorded;

/// In the extensions of a call that has its RPC server span already.
///
/// Separate from [`HttpRecorded`], because a call may have its own span inside that of an HTTP
/// request.
#[derive(Clone, Copy, Debug)]
pub struct RpcServerRecorded;

/// In the extensions of a call that has its RPC client span already.
///
/// Separate from [`RpcServerRecorded`], because a server may forward a request with its extensions.
/// For the next server it is another request, so a client removes the marks of a server, and a
/// server that of a client.
#[derive(Clone, Copy, Debug)]
pub struct RpcClientRecorded;
