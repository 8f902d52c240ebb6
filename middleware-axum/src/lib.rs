#![doc = include_str!("../README.md")]

mod layer;
mod service;

pub use crate::layer::OtelLayer;
pub use crate::service::OtelService;
pub use otel_instrumentation::http1::{ResponseBody, ResponseFuture};
pub use otel_instrumentation::{
    Attributes, ErrorType, Request, ServerConfig, ServerSpan, Telemetry, Trust, server_span,
};
