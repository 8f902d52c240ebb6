//! The facts that frameworks and drivers supply.

mod request;
mod statement;

pub use self::request::{Request, Response};
pub use self::statement::Statement;
