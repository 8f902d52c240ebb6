#![doc = include_str!("../README.md")]

mod attempt;
mod error;
mod layer;
mod middleware;
mod request;
mod response;

pub use crate::layer::{OtelClient, OtelClientFuture, OtelLayer};
pub use crate::middleware::{OtelMiddleware, UrlTemplate};
#[cfg(feature = "testing")]
pub use otel_instrumentation::testing;
pub use otel_instrumentation::{
    Attributes, ClientConfig, Providers, Request, Response, opentelemetry,
};
