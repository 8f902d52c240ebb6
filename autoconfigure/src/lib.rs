#![doc = include_str!("../README.md")]

mod admission;
mod batch;
mod behind_queue;
mod builder;
#[cfg(feature = "tls")]
mod certificates;
mod console;
mod destination;
mod destinations;
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
mod otlp;
mod percent;
mod pipeline;
mod provider_source;
mod proxy;
mod queue;
mod resource;
mod sampler;
mod setup;
mod shutdown;
mod shutdown_signal;
mod signal;
mod subscriber;
mod telemetry;
mod traces;
mod warning;

pub use builder::{Builder, builder, init};
pub use error::{InitError, ShutdownError};
pub use shutdown_signal::shutdown_signal;
pub use telemetry::Telemetry;
pub use warning::Warning;
