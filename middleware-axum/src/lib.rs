#![doc = include_str!("../README.md")]

mod layer;
mod service;

pub use crate::layer::OtelLayer;
pub use crate::service::OtelService;
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::tower::{ResponseBody, ResponseFuture};
pub use otel_instrumentation::{
    Attributes, ErrorType, Providers, Request, Response, Scheme, ServerConfig, ServerSpan, Trust,
    opentelemetry, server_span,
};
