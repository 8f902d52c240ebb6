//! The scenarios, each of which every framework has to pass.

pub mod client;
pub mod rpc;
pub mod server;
