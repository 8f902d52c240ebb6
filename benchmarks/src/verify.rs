//! Checks what the columns record, so that only columns that do their work are measured.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};

use crate::setup::{PARENT_ID, Setup, TRACE_ID};

/// A span from any version of the SDK.
#[derive(Debug)]
pub struct Seen {
    pub name: String,
    pub kind: String,
    pub trace_id: String,
    pub parent_id: String,
    pub attributes: Vec<(String, String)>,
}

/// Whether ended spans are kept, or dropped as during a measurement.
pub static WATCHING: AtomicBool = AtomicBool::new(false);
/// The spans that have ended while [`WATCHING`].
pub static SPANS: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
/// The names of the exported metrics.
pub static METRICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether ended spans are kept.
pub fn is_watching() -> bool {
    WATCHING.load(Ordering::Relaxed)
}

/// Checks that one request created exactly the right span, and metrics if there is an SDK for them.
pub fn check(setup: Setup, kind: &str, expects_metrics: bool) -> Result<()> {
    let spans = SPANS.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
    if matches!(setup, Setup::A | Setup::B) {
        ensure!(spans.is_empty(), "nothing is to be exported: {spans:?}");
        return Ok(());
    }
    ensure!(spans.len() == 1, "one span is to be exported: {spans:?}");
    for span in spans.iter() {
        ensure!(span.kind == kind, "the kind: {span:?}");
        ensure!(span.trace_id == TRACE_ID, "the trace: {span:?}");
        ensure!(span.parent_id == PARENT_ID, "the parent: {span:?}");
        let has = |value: &str| span.attributes.iter().any(|(_, found)| found == value);
        ensure!(has("200") || has("OK") || has("0"), "the status: {span:?}");
        ensure!(span.attributes.len() >= 5, "the attributes: {span:?}");
    }
    let metrics = METRICS.lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
    let has_duration = metrics.iter().any(|name| name.ends_with(".duration"));
    ensure!(
        !expects_metrics || has_duration,
        "the duration metric: {metrics:?}"
    );
    Ok(())
}
