//! The HTTP conventions (semantic conventions 1.45.0, `docs/http`).

mod authority;
mod bodiless;
mod client;
mod endpoint;
mod forwarded;
mod headers;
mod method;
mod peer;
mod server;
mod url;

pub(crate) use self::authority::{Authority, default_port, split as split_host_and_port};
pub(crate) use self::bodiless::Bodiless;
pub use self::client::HttpClient;
pub(crate) use self::endpoint::Endpoint;
pub(crate) use self::headers::HeaderCapture;
pub(crate) use self::method::KnownMethods;
pub(crate) use self::peer::peer_attributes;
pub use self::server::HttpServer;
pub(crate) use self::url::default_sensitive_query_keys;
