//! What one operation costs: instructions and allocations, each in processes of their own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use anyhow::{Context, Result, ensure};
use opentelemetry::trace::SpanKind;
use otel_instrumentation::testing::Capture;

use crate::setup::{PARENT_ID, Setup, TRACE_ID};
use crate::subject::{self, Subject};

/// What one operation costs, with rdkafka's own price in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub instructions: i64,
    pub allocations: i64,
}

/// Measures it.
///
/// # Errors
///
/// valgrind is not there, or the operation fails.
pub fn of(subject: Subject, setup: Setup) -> Result<Cost> {
    eprintln!("{subject} {setup}");
    Ok(Cost {
        instructions: difference(|count| instructions(subject, setup, count))?,
        allocations: difference(|count| allocations(subject, setup, count))?,
    })
}

/// Of two lengths, so that what is made once does not count.
fn difference(measure: impl Fn(u32) -> Result<i64>) -> Result<i64> {
    Ok((measure(SHORT + COUNTED)? - measure(SHORT)?) / i64::from(COUNTED))
}

fn instructions(subject: Subject, setup: Setup, count: u32) -> Result<i64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        // Of this thread what is handed to `counted`, and nothing of all others.
        .args(["--collect-atstart=no", "--toggle-collect=*counted*"])
        .arg(std::env::current_exe()?)
        .args(arguments(subject, setup, count))
        .output()
        .context("valgrind has to be installed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let mut lines = said.lines();
    let found = lines.find_map(|line| line.split_once("Collected : "));
    let (_, number) = found.with_context(|| said.to_string())?;
    Ok(number.trim().parse()?)
}

/// Counted by another program of this package, which lies beside this one.
fn allocations(subject: Subject, setup: Setup, count: u32) -> Result<i64> {
    let output = Command::new(program(COUNTING)?)
        .args(arguments(subject, setup, count))
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{output:?}");
    Ok(said.trim().parse()?)
}

/// Built, because `cargo run` builds one program only.
fn program(name: &str) -> Result<PathBuf> {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        build.args(["build", "--release", "--quiet", "--bin", name]);
        // If it fails, it says why, and there is no such program.
        let _ = build.status();
    });
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn arguments(subject: Subject, setup: Setup, count: u32) -> [String; 3] {
    [subject.to_string(), setup.to_string(), count.to_string()]
}

/// Fails unless the operation records what it has to: nothing is measured that does not do its work.
///
/// # Errors
///
/// What is wrong.
pub fn verify(subject: Subject, setup: Setup) -> Result<()> {
    if subject == Subject::Bare || setup == Setup::A {
        return Ok(());
    }
    let capture = Capture::new();
    subject::run(subject, setup, capture.providers(), 1, &mut |work| work())?;
    let spans = capture.spans();
    if setup == Setup::B {
        ensure!(spans.is_empty(), "nothing is to be exported: {spans:?}");
        return Ok(());
    }
    let [span] = spans.as_slice() else {
        anyhow::bail!("one span is to be exported: {spans:?}");
    };
    let kind = match subject {
        Subject::Bare | Subject::Send => SpanKind::Producer,
        Subject::Process => SpanKind::Consumer,
    };
    ensure!(span.span_kind == kind, "the kind: {span:?}");
    let trace = span.span_context.trace_id().to_string();
    let parent = span.parent_span_id.to_string();
    ensure!((&*trace, &*parent) == (TRACE_ID, PARENT_ID), "{span:?}");
    ensure!(span.attributes.len() >= 8, "the attributes: {span:?}");
    ensure!(capture.metric_names().len() == 2, "the metrics");
    Ok(())
}

const COUNTING: &str = "kafka-allocations";
const SHORT: u32 = 50;
const COUNTED: u32 = 200;
