//! A Collector that is away for a while, in three ways and over both protocols: nothing is lost that
//! it had not accepted, but for what the queues cannot hold, and that is told to the last span.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{sleep, timeout};

use crate::processes::{Checkouts, Processes};
use crate::spans::{Span, Spans};

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// SIGTERM, as in a rollout.
    Stopped,
    /// SIGKILL, as for want of memory.
    Killed,
    /// SIGSTOP: connections stay open, and nobody answers.
    Frozen,
}

#[derive(Clone, Copy, Debug)]
struct Outage {
    endpoint: &'static str,
    fault: Fault,
    away: Duration,
    /// Of each service, in spans.
    queue: u32,
}

pub(crate) async fn run(kept: &Path, data: &Path) -> Result<()> {
    for endpoint in ["http://127.0.0.1:4318", "http://127.0.0.1:4317"] {
        for fault in [Fault::Stopped, Fault::Killed, Fault::Frozen] {
            let outage = Outage {
                endpoint,
                fault,
                away: SHORT,
                queue: ENOUGH,
            };
            let told = outage.play(kept, data).await?;
            ensure!(told == 0, "{outage}: {told} spans were lost");
        }
    }
    // Longer than the default queue can hold.
    let outage = Outage {
        endpoint: "http://127.0.0.1:4318",
        fault: Fault::Stopped,
        away: LONG,
        queue: DEFAULT,
    };
    let told = outage.play(kept, data).await?;
    ensure!(told > 0, "{outage}: nothing was lost, which proves nothing");
    Ok(())
}

impl Outage {
    /// How many spans were lost, as the services have told.
    async fn play(self, kept: &Path, data: &Path) -> Result<usize> {
        let data = data.join(self.to_string().replace([' ', ':', '/'], "-"));
        fs::create_dir_all(&data)?;
        let mut processes = Processes::new(kept, &data);
        processes.start_collector().await?;
        let load = Checkouts {
            count: RATE * u32::try_from((BEFORE + self.away + AFTER).as_secs())?,
            rate: RATE,
            endpoint: self.endpoint,
            queue: self.queue,
        };
        let mut sending = Box::pin(processes.shop(&load)?);
        // The load goes on meanwhile.
        let _ = timeout(BEFORE, &mut sending).await;
        match self.fault {
            Fault::Stopped => processes.signal("TERM").await?,
            Fault::Killed => processes.signal("KILL").await?,
            Fault::Frozen => processes.signal("STOP").await?,
        }
        let _ = timeout(self.away, &mut sending).await;
        match self.fault {
            Fault::Stopped | Fault::Killed => processes.restart_collector().await?,
            Fault::Frozen => processes.signal("CONT").await?,
        }
        let sent = sending.await?;
        // The shop has ended, and with it its last export; the file may be a moment behind.
        sleep(Duration::from_secs(1)).await;

        let mut arrived = Spans::read(&data.join("all.jsonl"))?;
        // Whatever else sends to the default port.
        let ids: Vec<_> = sent.iter().map(|(id, _)| id.clone()).collect();
        arrived.retain(&ids);
        let lost = missing(&sent, &arrived);
        let told = told(&fs::read_to_string(data.join("checkout.log"))?);
        println!(
            "{self}: {} checkouts, {} spans arrived, {lost} lost, {told} told",
            sent.len(),
            arrived.count()
        );
        // Of those that were told some may have been spans `acquire`, which are not counted.
        ensure!(
            lost <= told,
            "{self}: {lost} spans were lost, and {told} told"
        );
        if told == 0 {
            arrived.assert_whole()?;
        }
        Ok(told)
    }
}

/// Checkouts of a kind have as many spans each: as many as the one that has most. Not counted are
/// the waits for the only connection to the stock, of which there are some.
fn missing(sent: &[(String, String)], arrived: &Spans) -> usize {
    let kinds: BTreeSet<_> = sent.iter().map(|(_, kind)| kind).collect();
    let missing = kinds.into_iter().map(|kind| {
        let of_kind = sent.iter().filter(|(_, other)| other == kind);
        let counts: Vec<_> = of_kind
            .map(|(id, _)| arrived.of(id).map_or(0, without_waits))
            .collect();
        let most = counts.iter().max().copied().unwrap_or_default();
        counts.into_iter().map(|count| most - count).sum::<usize>()
    });
    missing.sum()
}

fn without_waits(trace: &BTreeMap<String, Span>) -> usize {
    trace.values().filter(|span| span.name != "acquire").count()
}

/// "exactly 398 spans were dropped because the queue was full", by each service at its end.
fn told(log: &str) -> usize {
    let lines = log.lines().filter_map(|line| {
        let (_, rest) = line.split_once("exactly ")?;
        rest.strip_suffix(" spans were dropped because the queue was full")
    });
    lines.filter_map(|count| count.parse::<usize>().ok()).sum()
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            endpoint,
            fault,
            away,
            queue,
        } = self;
        write!(f, "{endpoint} {fault} for {away:?}, queues of {queue}")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "stopped",
            Self::Killed => "killed",
            Self::Frozen => "frozen",
        })
    }
}

const RATE: u32 = 15;
const BEFORE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_secs(15);
const LONG: Duration = Duration::from_secs(120);
const AFTER: Duration = Duration::from_secs(15);
/// Of `OTEL_BSP_MAX_QUEUE_SIZE`. In fifteen seconds inventory has some 3,000 spans.
const DEFAULT: u32 = 2_048;
const ENOUGH: u32 = 8_192;
