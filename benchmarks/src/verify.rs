//! What the columns recorded, so that none is measured that does not do its work.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};

use crate::setup::{PARENT_ID, Setup, TRACE_ID};

/// A span as any version of the SDK hands it over.
#[derive(Debug)]
pub struct Seen {
    pub name: String,
    pub kind: String,
    pub trace_id: String,
    pub parent_id: String,
    pub attributes: Vec<(String, String)>,
}

/// Whether ended spans are looked at or dropped, as they are while measuring.
pub static WATCHING: AtomicBool = AtomicBool::new(false);
/// The spans that ended while [`WATCHING`].
pub static SPANS: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
/// The names of the metrics that were exported.
pub static METRICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether ended spans are looked at.
pub fn is_watching() -> bool {
    WATCHING.load(Ordering::Relaxed)
}

/// One request made exactly the right span, and metrics where there is something to record to.
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
