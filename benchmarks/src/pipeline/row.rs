//! The rows of the tables: a program, and its arguments for one of its stacks.

use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use super::stack::Stack;
use super::subject::Protocol;
use crate::measure::this_program;
use crate::valgrind::program;

/// A row of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) title: &'static str,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Stack(Stack),
    /// A separate program: a process that links fastrace reads the clock for some time at its
    /// start, which would distort the counts of all others.
    Fastrace,
}

impl Row {
    /// Whether it is the bare framework.
    pub(super) fn is_bare(self) -> bool {
        self.what == What::Stack(Stack::Bare)
    }

    /// A process with this stack, which exports its spans to a port.
    pub(super) fn command(self, protocol: Protocol, port: u16) -> Result<Command> {
        let mut command = match self.what {
            What::Stack(stack) => {
                let mut command = this_program();
                command.args(["pipeline-run", &value(&stack)]);
                command
            }
            What::Fastrace => Command::new(program("pipeline-fastrace")?),
        };
        command.arg(value(&protocol));
        let protocol = match protocol {
            Protocol::Grpc => "grpc",
            Protocol::Http => "http/protobuf",
        };
        command.env("OTEL_SERVICE_NAME", "shop");
        command.env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        let endpoint = format!("http://127.0.0.1:{port}");
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        if self.what == What::Stack(Stack::OursSpans) {
            command.env("OTEL_METRICS_EXPORTER", "none");
            command.env("OTEL_LOGS_EXPORTER", "none");
        }
        Ok(command)
    }
}

/// The value as written in the arguments.
fn value(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// All rows in their order. The first one is the bare framework.
pub(super) const ROWS: [Row; 7] = [
    BARE,
    OURS_SPANS,
    row(
        "otel-middleware-axum, opentelemetry-otlp",
        What::Stack(Stack::OursOpentelemetryOtlp),
    ),
    CONTRIB_SPANS,
    FASTRACE,
    OURS,
    row(
        "opentelemetry-instrumentation-tower, opentelemetry-otlp, with metrics",
        What::Stack(Stack::Contrib),
    ),
];

pub(super) const BARE: Row = row("bare", What::Stack(Stack::Bare));
pub(super) const OURS_SPANS: Row = row(
    "**otel-middleware-axum, otel-autoconfigure**",
    What::Stack(Stack::OursSpans),
);
pub(super) const CONTRIB_SPANS: Row = row(
    "opentelemetry-instrumentation-tower, opentelemetry-otlp",
    What::Stack(Stack::ContribSpans),
);
pub(super) const FASTRACE: Row = row(
    "fastrace-axum, fastrace-opentelemetry, opentelemetry-otlp",
    What::Fastrace,
);
/// With everything that `init` sets up.
pub(super) const OURS: Row = row(
    "**otel-middleware-axum, otel-autoconfigure**, with metrics and log records",
    What::Stack(Stack::Ours),
);

const fn row(title: &'static str, what: What) -> Row {
    Row { title, what }
}
