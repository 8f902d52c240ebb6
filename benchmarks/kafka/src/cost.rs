//! The cost of one operation: instructions and allocations, each measured in separate processes.

use std::process::Command;

use anyhow::{Result, ensure};
use opentelemetry::trace::SpanKind;
use otel_instrumentation::testing::Capture;

use crate::counting::{Cost, difference, instructions, printed};
use crate::setup::{PARENT_ID, Setup, TRACE_ID};
use crate::subject::{self, Subject};
use crate::valgrind::program;

/// Measures an operation, including rdkafka's own cost.
///
/// # Errors
///
/// If valgrind is missing, or the operation fails.
pub fn of(subject: Subject, setup: Setup) -> Result<Cost> {
    eprintln!("{subject} {setup}");
    let (subject, setup) = (subject.to_string(), setup.to_string());
    Ok(Cost {
        instructions: difference(|count| instructions(&[&subject, &setup, &count.to_string()]))?,
        allocations: difference(|count| {
            let mut counting = Command::new(program("kafka-allocations")?);
            printed(counting.args([&subject, &setup, &count.to_string()]))
        })?,
    })
}

/// Fails unless the operation records everything that it must.
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
