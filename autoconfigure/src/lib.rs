#![doc = include_str!("../README.md")]

mod admission;
mod baggage_attributes;
mod batch;
mod behind_queue;
mod builder;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(test)]
mod config_file;
mod container;
mod destination;
mod destinations;
mod detected;
mod directives;
mod early_export;
mod early_sampling;
mod endpoint;
mod environment;
mod error;
mod export_metrics;
mod exporter;
mod headers;
mod limits;
mod logs;
mod loss;
mod metrics;
mod notice;
mod open_spans;
mod options;
mod otlp;
#[cfg(test)]
mod pattern;
mod peers;
mod percent;
mod pipeline;
mod provider_source;
mod proxy;
mod queue;
mod reachability;
mod resource;
mod run;
mod sampler;
#[cfg(test)]
mod sampling;
mod setup;
mod shutdown;
mod shutdown_signal;
mod signal;
mod subscriber;
mod telemetry;
mod traces;
mod tracing_builder;
mod tracing_options;
mod wanted;
mod warning;

pub use builder::{Builder, builder, init};
pub use detected::Detected;
pub use error::{InitError, ShutdownError};
pub use opentelemetry;
pub use otel_tracing_bridge::{ContextSubscriber, Line, Lines, OtelSpanExt, SpanLayer};
pub use shutdown_signal::{shutdown_deadline, shutdown_signal};
pub use telemetry::Telemetry;
pub use warning::Warning;
