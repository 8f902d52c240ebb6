//! How gRPC calls begin (semantic conventions 1.45.0, `docs/rpc`).

mod begin;
mod client;
mod method;
mod server;
mod target;

pub use self::client::RpcClientInstrumentation;
pub use self::method::rpc_method;
pub use self::server::RpcServerInstrumentation;
