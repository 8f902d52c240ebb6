#![doc = include_str!("../README.md")]

mod baggage;
#[cfg(feature = "bound-instruments")]
mod bound;
mod bounded;
mod config;
mod convention;
mod handles;
mod http;
#[cfg(feature = "http1")]
pub mod http1;
mod instruments;
mod interned;
mod labels;
mod operation;
mod origin;
mod recording;
mod request;
mod route;
mod rpc;
mod scope;
mod semconv;
mod shared;
mod spare;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod tracer;
mod transfer;

pub use crate::config::{Attributes, ClientConfig, ServerConfig, Trust};
pub use crate::http::{HttpClient, HttpServer};
pub use crate::operation::{Operation, ServerSpan, server_span};
pub use crate::request::{ErrorType, Request, Response};
pub use crate::route::{HttpRecorded, RouteHandle};
pub use crate::rpc::{RpcClient, RpcServer, rpc_method};
pub use crate::scope::scope;
pub use crate::telemetry::Telemetry;
pub use crate::transfer::Transfer;
