//! The facts that frameworks, clients and drivers supply.

mod message;
mod request;
mod statement;

pub use self::message::Message;
pub use self::request::{Request, Response};
pub use self::statement::Statement;
