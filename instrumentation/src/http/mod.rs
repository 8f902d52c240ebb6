//! How HTTP requests begin (semantic conventions 1.45.0, `docs/http`).

mod address;
mod authority;
mod client;
mod forwarded;
mod server;
mod url;

pub(crate) use self::address::ServerAddress;
pub(crate) use self::authority::{default_port, split as split_host_and_port};
pub use self::client::HttpClientInstrumentation;
pub use self::server::HttpServerInstrumentation;
