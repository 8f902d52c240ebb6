//! The four setups that every column is measured in.

use std::fmt;

use clap::ValueEnum;

/// The SDK of a setup, and the caller's sampling decision.
#[derive(Clone, Copy, Debug, ValueEnum, PartialEq, Eq)]
pub enum Setup {
    /// No SDK; the context still has to reach the next service.
    A,
    /// An SDK, and a caller that is not sampled.
    B,
    /// A sampled caller; spans are dropped at their end.
    C,
    /// Like c, with metrics.
    D,
}

impl Setup {
    /// In the order of the tables.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The caller's header.
    pub fn traceparent(self) -> &'static str {
        match self {
            Self::B => "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            Self::A | Self::C | Self::D => {
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            }
        }
    }

    pub(crate) fn has_sdk(self) -> bool {
        self != Self::A
    }

    pub(crate) fn has_metrics(self) -> bool {
        self == Self::D
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
        })
    }
}

/// The trace id of the caller in [`Setup::traceparent`].
pub const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The span id of the caller there.
pub const PARENT_ID: &str = "00f067aa0ba902b7";

/// The caller's tracestate; `BENCHMARKS_NO_TRACESTATE` leaves it out.
pub fn tracestate() -> Option<&'static str> {
    let left_out = std::env::var_os("BENCHMARKS_NO_TRACESTATE").is_some();
    (!left_out).then_some("congo=t61rcWkgMzE")
}

/// Whether the caller sends no context, so that every request begins a trace; `BENCHMARKS_ROOTS`.
pub fn roots() -> bool {
    std::env::var_os("BENCHMARKS_ROOTS").is_some()
}

/// The number of routes of the application; `BENCHMARKS_ROUTES`, one by default.
pub fn routes() -> usize {
    number("BENCHMARKS_ROUTES").unwrap_or(1)
}

/// The number of labels that a hook adds to metric and span; `BENCHMARKS_LABELS`, none by default.
pub fn labels() -> usize {
    number("BENCHMARKS_LABELS").unwrap_or(0)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}
