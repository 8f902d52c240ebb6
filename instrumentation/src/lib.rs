#![doc = include_str!("../README.md")]

mod config;
mod db;
mod facts;
mod http;
mod messaging;
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
    Attributes, ClientConfig, Continue, CreationContext, DatabaseConfig, HttpDefaults,
    MessagingConfig, Sanitising, Scheme, ServerConfig, Trust,
};
pub use crate::db::{
    Acquire, DbClientInstrumentation, PoolMetrics, PoolState, PoolUse, PoolWait, SqlDialect,
};
pub use crate::facts::{Message, Request, Response, Statement};
pub use crate::http::{HttpClientInstrumentation, HttpServerInstrumentation};
pub use crate::messaging::{
    ConsumerInstrumentation, MessagingSystem, ProducerInstrumentation, kafka_error,
};
pub use crate::operation::{
    DbOperation, HttpRecorded, MessageOperation, Operation, RouteHandle, RpcOperation, RpcRecorded,
    ServerSpan, Transfer, server_span,
};
pub use crate::outcome::ErrorType;
pub use crate::providers::{Providers, instrumentation_scope};
pub use crate::rpc::{RpcClientInstrumentation, RpcServerInstrumentation, rpc_method};
pub use opentelemetry;
