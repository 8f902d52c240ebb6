//! The facts that frameworks, clients and drivers supply.

mod message;
mod request;

pub use self::message::Message;
pub use self::request::{Request, Response};
