#![doc = include_str!("../README.md")]

mod error;
mod flight;
mod layer;
mod middleware;
mod request;
mod response;

pub use crate::layer::{OtelLayer, OtelService, ResponseFuture};
pub use crate::middleware::{OtelMiddleware, UrlTemplate};
pub use otel_instrumentation::{Attributes, ClientConfig, Request, Telemetry};
