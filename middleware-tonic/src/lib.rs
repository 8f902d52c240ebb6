#![doc = include_str!("../README.md")]

mod body;
mod client;
mod error;
mod interceptor;
mod metadata;
mod method;
mod server;
mod web;

pub use crate::body::ResponseBody;
pub use crate::client::{ClientFuture, OtelClientLayer, OtelClientService};
pub use crate::interceptor::{extract_context, inject_context};
pub use crate::metadata::{MetadataExtractor, MetadataInjector};
pub use crate::server::{OtelServerLayer, OtelServerService, ServerFuture};
pub use otel_instrumentation::{
    Attributes, ClientConfig, ErrorType, Request, ServerConfig, ServerSpan, Telemetry, server_span,
};
