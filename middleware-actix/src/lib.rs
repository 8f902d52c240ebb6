#![doc = include_str!("../README.md")]

mod body;
mod error_message;
mod error_response;
mod future;
mod headers;
mod middleware;
mod pending_request;
mod route;
mod server_timing;

pub use crate::body::OtelMiddlewareBody;
pub use crate::future::OtelMiddlewareFuture;
pub use crate::middleware::{OtelMiddleware, OtelMiddlewareService};
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::{
    Attributes, ErrorType, Providers, Request, Response, Scheme, ServerConfig, ServerSpan, Trust,
    opentelemetry, server_span,
};
