//! Shows the traces of a file.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use otel_waterfall::{Arrivals, Batch, Page, Traces};

use crate::options::Options;
use crate::output::{Output, say};
use crate::stop_signal::StopSignal;

pub(crate) async fn show(path: &Path, options: &Options) -> Result<()> {
    let traces = Traces::new(options.room_for_traces());
    read(path, &traces)?;
    print(&traces, options)?;
    if let Some(address) = options.page {
        let page = Page::open(address, traces).await?;
        let mut stop = StopSignal::listen()?;
        say(&format!("page on {}", page.url()));
        stop.next().await;
    }
    Ok(())
}

/// Reports and skips a line that cannot be read: the last line may still be incomplete.
fn read(path: &Path, traces: &Traces) -> Result<()> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let mut arrivals = Arrivals::new(usize::MAX);
    let now = Instant::now();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("{} cannot be read", path.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        match Batch::from_line(&line) {
            Ok(batch) => arrivals.add(batch, now),
            Err(error) => say(&format!("line {} is skipped: {error}", number + 1)),
        }
    }
    for trace in arrivals.rest() {
        traces.put(trace);
    }
    Ok(())
}

fn print(traces: &Traces, options: &Options) -> Result<()> {
    let mut output = Output::new(options.json);
    let most = options.once.and_then(|most| usize::try_from(most).ok());
    let mut shown = traces.newest(&options.filter(), 0, usize::MAX);
    shown.reverse();
    for trace in shown.into_iter().take(most.unwrap_or(usize::MAX)) {
        output.old_trace(trace)?;
    }
    output.end()
}
