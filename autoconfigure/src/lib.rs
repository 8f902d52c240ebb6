#![doc = include_str!("../README.md")]

mod batch;
mod builder;
mod collectors;
mod directives;
mod driver;
mod endpoint;
mod environment;
mod error;
mod export;
mod exporter;
mod limits;
mod listener;
mod logs;
mod metrics;
mod otlp;
mod outage;
mod resource;
mod sampler;
mod shutdown;
mod signal;
mod source;
mod subscriber;
mod telemetry;
#[cfg(feature = "tls")]
mod tls;
mod traces;
mod tracing_options;
mod wanted;
mod warning;

pub use builder::{Builder, builder, init};
pub use error::{InitError, ShutdownError};
pub use otel_tracing_bridge::{ContextSubscriber, Line, Lines, OtelSpanExt, SpanLayer};
pub use telemetry::Telemetry;
pub use warning::Warning;
