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
    /// With lines for programs.
    InitJson,
    /// With lines for people.
    InitText,
    /// `Telemetry::layer` and an `EnvFilter` in a subscriber of the application's own.
    Own,
    /// `otel_autoconfigure::init` with tracing-opentelemetry, without lines.
    InitForeign,
    /// The layer of tracing-opentelemetry alone, and the appender for log records.
    TracingOpentelemetry,
    /// The same with the `fmt` layer and an `EnvFilter` for all, as it is often set up.
    TracingOpentelemetryFmt,
    /// `oxtel::init`, without lines.
    Oxtel,
    /// With lines for programs.
    OxtelJson,
}

impl Bridge {
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether spans are exported at all.
    pub(crate) fn exports(self) -> bool {
        self != Self::Registry
    }
}
