//! The options of servers, clients, messaging and database clients.

mod attributes;
mod client;
mod common;
mod database;
mod http_defaults;
mod known_methods;
mod messaging;
mod server;
mod setting;

pub use self::attributes::Attributes;
pub use self::client::ClientConfig;
pub(crate) use self::client::ClientOptions;
pub(crate) use self::common::Common;
pub(crate) use self::database::DatabaseOptions;
pub use self::database::{DatabaseConfig, Sanitising};
pub use self::http_defaults::HttpDefaults;
pub(crate) use self::http_defaults::Role;
pub(crate) use self::messaging::MessagingOptions;
pub use self::messaging::{Continue, CreationContext, MessagingConfig};
pub(crate) use self::server::ServerOptions;
pub use self::server::{Scheme, ServerConfig, Trust};
