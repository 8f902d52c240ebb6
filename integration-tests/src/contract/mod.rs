//! The scenarios that every framework has to pass.

pub mod client;
pub mod rpc;
pub mod server;
