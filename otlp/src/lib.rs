#![doc = include_str!("../README.md")]

mod backoff;
mod builder;
mod delivery;
mod encode;
mod error;
mod event;
mod export_thread;
mod exporter;
mod failure;
mod gzip;
mod protocol;
mod response_status;
mod sender;
#[cfg(feature = "tls")]
mod tls;
mod transport;

pub use backoff::Backoff;
pub use builder::ExporterBuilder;
/// For the fuzzer only.
#[cfg(fuzzing)]
pub use encode::check_encoding;
pub use error::BuildError;
pub use event::Event;
pub use export_thread::ExportThread;
pub use exporter::{LogExporter, MetricExporter, SpanExporter};
pub use failure::{Failure, FailureKind};
pub use protocol::Protocol;
pub use response_status::ResponseStatus;
#[cfg(feature = "tls")]
pub use tls::Tls;
