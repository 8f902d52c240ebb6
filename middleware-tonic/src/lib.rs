#![doc = include_str!("../README.md")]

mod call;
mod call_body;
mod candidate;
mod client;
mod client_future;
mod deadline;
mod error;
mod interceptor;
mod metadata;
mod methods;
mod request_body;
mod server;
mod server_future;
mod sources;
mod web;

pub use crate::call_body::CallBody;
pub use crate::client::{OtelClientLayer, OtelClientService};
pub use crate::client_future::OtelClientFuture;
pub use crate::interceptor::{extract_context, inject_context};
pub use crate::metadata::{MetadataExtractor, MetadataInjector};
pub use crate::server::{OtelServerLayer, OtelServerService};
pub use crate::server_future::OtelServerFuture;
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::{
    Attributes, ClientConfig, ErrorType, Providers, Request, Response, ServerConfig, ServerSpan,
    opentelemetry, server_span,
};
