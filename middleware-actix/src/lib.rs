#![doc = include_str!("../README.md")]

mod body;
mod failed;
mod future;
mod headers;
mod message;
mod middleware;
mod route;
mod unanswered;

pub use crate::body::ResponseBody;
pub use crate::future::ResponseFuture;
pub use crate::middleware::{OtelMiddleware, OtelService};
pub use otel_instrumentation::{
    Attributes, ErrorType, Request, ServerConfig, ServerSpan, Telemetry, Trust, server_span,
};
