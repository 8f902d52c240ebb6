//! The exporters of the three signals.

mod logs;
mod metrics;
mod spans;

pub use logs::LogExporter;
pub use metrics::MetricExporter;
pub use spans::SpanExporter;
