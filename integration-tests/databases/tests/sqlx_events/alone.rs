//! Each test has a process of its own, because subscriber and providers are global.

use std::process::{Command, exit};
use std::{env, thread};

use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use otel_autoconfigure::{Builder, Telemetry};
use otel_instrumentation::testing::Capture;
use tokio::runtime::Runtime;

/// Runs the calling test again as a process where it does `work`, and returns what that wrote to
/// standard error.
pub(crate) fn alone<F: Future<Output = ()>>(rust_log: &str, work: impl FnOnce() -> F) -> String {
    if env::var_os(CHILD).is_some() {
        Runtime::new().unwrap().block_on(work());
        exit(0);
    }
    // The test's thread has the test's name.
    let test = thread::current();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test.name().unwrap(), "--nocapture"]);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    let output = command.env(CHILD, "1").env("RUST_LOG", rust_log).output();
    let output = output.unwrap();
    let written = String::from_utf8(output.stderr).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{written}");
    written
}

/// What was exported.
pub(crate) struct Exported {
    pub(crate) capture: Capture,
    records: InMemoryLogExporter,
}

impl Exported {
    /// Telemetry that stays in memory.
    pub(crate) fn init(configure: impl FnOnce(Builder) -> Builder) -> (Self, Telemetry) {
        let (capture, records) = (Capture::new(), InMemoryLogExporter::default());
        let logs = SdkLoggerProvider::builder().with_simple_exporter(records.clone());
        let builder = otel_autoconfigure::builder()
            .tracer_provider(capture.tracer_provider().clone())
            .meter_provider(capture.meter_provider().clone())
            .logger_provider(logs.build());
        let telemetry = configure(builder).init().unwrap();
        (Self { capture, records }, telemetry)
    }

    /// The name and the scope of each span, sorted.
    pub(crate) fn spans(&self) -> Vec<String> {
        let spans = self.capture.spans().into_iter();
        let mut names: Vec<_> = spans
            .map(|span| format!("{} ({})", span.name, span.instrumentation_scope.name()))
            .collect();
        names.sort();
        names
    }

    /// The log records of sqlx's events.
    pub(crate) fn records(&self) -> Vec<String> {
        let records = self.records.get_emitted_logs().unwrap().into_iter();
        let records = records.map(|it| format!("{:?}", it.record));
        records.filter(|it| it.contains("sqlx::query")).collect()
    }
}

const CHILD: &str = "TEST_CHILD";
