#![doc = include_str!("../README.md")]

mod config;
mod db;
mod error_type;
mod facts;
mod http;
mod operation;
mod outcome;
mod providers;
mod reuse;
mod rpc;
mod semconv;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;

pub use crate::config::{
    Attributes, ClientConfig, DatabaseConfig, Sanitising, Scheme, ServerConfig, Trust,
};
pub use crate::db::{Acquire, DbClientInstrumentation, SqlDialect};
pub use crate::error_type::ErrorType;
pub use crate::facts::{Request, Response, Statement};
pub use crate::http::{HttpClientInstrumentation, HttpServerInstrumentation};
pub use crate::operation::{
    DbOperation, HttpRecorded, Operation, RouteHandle, RpcOperation, RpcRecorded, ServerSpan,
    Transfer, server_span,
};
pub use crate::providers::{Providers, instrumentation_scope};
pub use crate::rpc::{RpcClientInstrumentation, RpcServerInstrumentation, rpc_method};
pub use opentelemetry;
