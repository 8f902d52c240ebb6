//! Reads what has arrived, once nothing more will come.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use tokio::time::{Instant, sleep};

use crate::checkouts::Sent;
use crate::programs::DECISION_WAIT;
use crate::spans::Spans;

/// Everything that was sent, as a Collector has written it to its file.
pub(crate) async fn taken(file: &Path, sent: &Sent) -> Result<Spans> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let all = Spans::read(file, sent)?;
        let whole = all.assert_whole(sent);
        if all.len() == sent.len() && whole.is_ok() {
            return Ok(all);
        }
        if Instant::now() > deadline {
            let traces = format!("{} of {} traces have arrived", all.len(), sent.len());
            ensure!(all.len() == sent.len(), traces);
            return whole.context(traces).map(|()| all);
        }
        sleep(PAUSE).await;
    }
}

/// The traces that each gateway has kept, from its file. Waits until the decision about the last
/// trace is due and nothing was written for a while.
pub(crate) async fn decided(files: &[PathBuf], sent: &Sent, all: &Spans) -> Result<Vec<Spans>> {
    let ends = all.traces().map(|(_, trace)| trace.end());
    let due = Duration::from_nanos(ends.max().unwrap_or_default()) + DECISION_WAIT + TICK;
    let read = || -> Result<Vec<_>> { files.iter().map(|file| Spans::read(file, sent)).collect() };
    let count = |gateways: &[Spans]| gateways.iter().map(Spans::count).sum::<usize>();
    let mut before = read()?;
    loop {
        sleep(QUIET).await;
        let now = read()?;
        let is_due = SystemTime::now().duration_since(UNIX_EPOCH)? > due;
        if is_due && count(&now) == count(&before) {
            return Ok(now);
        }
        before = now;
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);
/// Gateways decide once a second and write a moment later; the exports came a moment before.
const TICK: Duration = Duration::from_secs(3);
const QUIET: Duration = Duration::from_secs(2);
