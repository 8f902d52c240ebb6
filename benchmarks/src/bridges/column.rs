//! The columns: subscribers in the order of the table.

use clap::ValueEnum;

/// One subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bridge {
    /// A registry without layers: what `tracing` itself costs.
    Registry,
    /// Our layer alone.
    Layer,
    /// `otel_autoconfigure::init`, without lines.
    Init,
    /// With lines for machines.
    InitJson,
    /// With lines for people.
    InitText,
    /// `Telemetry::layer` and an `EnvFilter` in the application's own subscriber.
    Own,
    /// `otel_autoconfigure::init` with tracing-opentelemetry, without lines.
    InitForeign,
    /// The layer of tracing-opentelemetry alone, and the appender for log records.
    TracingOpentelemetry,
    /// The same with the `fmt` layer and an `EnvFilter` for all layers, which is a common setup.
    TracingOpentelemetryFmt,
    /// `oxtel::init`, without lines.
    Oxtel,
    /// With lines for machines.
    OxtelJson,
}

impl Bridge {
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it exports spans at all.
    pub(crate) fn exports(self) -> bool {
        self != Self::Registry
    }
}
