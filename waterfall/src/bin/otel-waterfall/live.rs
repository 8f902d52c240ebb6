//! Receives and shows what services export.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use otel_waterfall::{Arrivals, Batch, Filter, Page, Receiver, Trace, Traces};

use crate::options::Options;
use crate::output::{Output, say};
use crate::stop_signal::StopSignal;

pub(crate) async fn run(options: &Options) -> Result<()> {
    let traces = Traces::new(options.room_for_traces());
    let mut receiver = match options.save {
        Some(_) => Receiver::new().with_lines(),
        None => Receiver::new(),
    };
    let busy = |option: &str| format!("is another program on it? {option} takes another address");
    let grpc = receiver
        .listen_grpc(options.grpc)
        .await
        .with_context(|| busy("--grpc"))?;
    let http = receiver
        .listen_http(options.http)
        .await
        .with_context(|| busy("--http"))?;
    let page = options.page.unwrap_or(([127, 0, 0, 1], 4319).into());
    let page = Page::open(page, traces.clone())
        .await
        .with_context(|| busy("--page"))?;
    // Before the line is printed: its reader may send a signal at once.
    let mut stop = StopSignal::listen()?;
    say(&format!(
        "OTLP on {grpc} (gRPC) and {http} (HTTP), page on {}",
        page.url()
    ));

    let mut session = Session {
        save: options.save.as_deref().map(open_to_save).transpose()?,
        arrivals: Arrivals::new(options.room_for_arrivals()),
        traces,
        filter: options.filter(),
        output: Output::new(options.json),
        left: options.once,
    };
    let received = tokio::select! {
        received = session.receive(&mut receiver) => received,
        () = stop.next() => {
            session.add(receiver.drain(), Instant::now())?;
            let rest = session.arrivals.rest();
            session.show(rest)
        }
    };
    let ended = session.end();
    received.and(ended)
}

struct Session {
    save: Option<BufWriter<File>>,
    arrivals: Arrivals,
    traces: Traces,
    filter: Filter,
    output: Output,
    /// How many traces are still to be shown; `None` means no limit.
    left: Option<u64>,
}

impl Session {
    /// Runs until enough traces have been shown.
    async fn receive(&mut self, receiver: &mut Receiver) -> Result<()> {
        while self.left != Some(0) {
            let batch = receiver.next_until(self.arrivals.next_due()).await;
            let now = Instant::now();
            if let Some(batch) = batch {
                self.add(batch, now)?;
            }
            let due = self.arrivals.due(now);
            self.show(due)?;
        }
        Ok(())
    }

    fn add(&mut self, mut batch: Batch, now: Instant) -> Result<()> {
        if let Some(file) = &mut self.save {
            for line in std::mem::take(&mut batch.lines) {
                writeln!(file, "{line}").context("the file to save in cannot be written")?;
            }
            file.flush()
                .context("the file to save in cannot be written")?;
        }
        self.arrivals.add(batch, now);
        Ok(())
    }

    fn show(&mut self, traces: Vec<Trace>) -> Result<()> {
        for trace in traces {
            let Some(put) = self.traces.put(trace) else {
                continue;
            };
            if self.left == Some(0) || !put.has_new_spans || !self.filter.lets_through(&put.trace) {
                continue;
            }
            self.output.trace(&put)?;
            self.left = self.left.map(|left| left - 1);
        }
        Ok(())
    }

    fn end(self) -> Result<()> {
        let counts = self.traces.counts();
        let forgotten = counts.forgotten;
        if forgotten > 0 {
            say(&format!(
                "{forgotten} traces made room for newer ones; --memory takes more"
            ));
        }
        let dropped = self.arrivals.dropped() + counts.dropped;
        if dropped > 0 {
            say(&format!("{dropped} spans of too long traces were dropped"));
        }
        self.output.end()
    }
}

fn open_to_save(path: &Path) -> Result<BufWriter<File>> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
    Ok(BufWriter::new(file))
}
