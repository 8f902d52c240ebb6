//! An example as a user runs it, with the console for an exporter, and the spans that it prints.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

/// A span by the labels that it is printed with: `Name`, `Kind`, `TraceId` and so on.
pub(crate) type Span = BTreeMap<String, String>;

/// What the program writes to standard output, with these variables.
pub(crate) fn output_of(program: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program);
    command.envs(variables.iter().copied());
    // What the environment of the tests says about telemetry is not meant for the example.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    let output = command
        .env("OTEL_TRACES_EXPORTER", "console")
        .env("OTEL_METRICS_EXPORTER", "none")
        .env("OTEL_LOGS_EXPORTER", "none")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The spans of an output, in the order in which they ended.
pub(crate) fn spans(output: &str) -> Vec<Span> {
    output.split("\nSpan #").skip(1).map(span).collect()
}

/// One tab is the span, two are its scope and its attributes.
fn span(text: &str) -> Span {
    text.lines()
        .filter_map(|line| line.strip_prefix('\t')?.split_once(" : "))
        .filter(|(label, _)| !label.starts_with('\t'))
        .map(|(label, value)| (label.trim_end().to_owned(), value.to_owned()))
        .collect()
}
