//! Takes a Collector away for a while, in three ways and over both protocols. Nothing is lost that
//! it had not accepted, except for what the queues cannot hold, and every such loss is reported.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{sleep, timeout};

use crate::checkouts::{Checkouts, number};
use crate::processes::{Processes, Signal};
use crate::programs::{COLLECTOR, GRPC, HTTP, Programs};
use crate::spans::Spans;
use crate::tally::{self, Tally, WAITS};

#[derive(Clone, Copy, Debug)]
enum Fault {
    Stopped,
    Killed,
    Frozen,
}

#[derive(Clone, Copy, Debug)]
struct Outage {
    port: u16,
    fault: Fault,
    away: Duration,
    /// The queue size of each service, in spans.
    queue: u32,
}

pub(crate) async fn run(programs: &Programs) -> Result<()> {
    for port in [HTTP, GRPC] {
        for fault in [Fault::Stopped, Fault::Killed, Fault::Frozen] {
            let outage = Outage {
                port,
                fault,
                away: SHORT,
                queue: ENOUGH,
            };
            let told = outage.play(programs).await?;
            ensure!(told.is_empty(), "{outage}: spans were lost: {told:?}");
        }
    }
    // Longer than the default queue can buffer.
    let outage = Outage {
        port: HTTP,
        fault: Fault::Stopped,
        away: LONG,
        queue: DEFAULT,
    };
    let told = outage.play(programs).await?;
    ensure!(
        !told.is_empty(),
        "{outage}: nothing was lost, which proves nothing"
    );
    Ok(())
}

impl Outage {
    /// The number of lost spans that the services have reported.
    async fn play(self, programs: &Programs) -> Result<Tally> {
        let programs = &programs.within(&self.to_string().replace([' ', ','], "-"))?;
        let mut processes = Processes::new(&programs.data);
        processes.start([programs.single(CONFIG)]).await?;
        let rate = number("RATE", RATE)?;
        let load = Checkouts {
            count: rate * u32::try_from((BEFORE + self.away + AFTER).as_secs())?,
            rate,
            endpoint: format!("http://127.0.0.1:{}", self.port),
            variables: vec![("OTEL_BSP_MAX_QUEUE_SIZE", self.queue.to_string())],
        };
        let mut sending = Box::pin(load.send(&programs.data)?);
        // The load goes on meanwhile.
        let _ = timeout(BEFORE, &mut sending).await;
        processes.signal(COLLECTOR, self.fault.begin()).await?;
        let _ = timeout(self.away, &mut sending).await;
        match self.fault {
            Fault::Stopped | Fault::Killed => {
                processes.start([programs.single(CONFIG)]).await?;
            }
            Fault::Frozen => processes.signal(COLLECTOR, Signal::Cont).await?,
        }
        let sent = sending.await?;
        // The shop has ended, and its last export is done; the file may be a moment behind.
        sleep(Duration::from_secs(1)).await;

        let arrived = Spans::read(&programs.taken(), &sent)?;
        let missing = tally::missing(&sent, &arrived);
        let told = tally::told(&fs::read_to_string(programs.data.join("checkout.log"))?);
        println!(
            "{self}: {} checkouts, {} spans arrived, {} lost, {} told",
            sent.len(),
            arrived.count(),
            missing.values().sum::<usize>(),
            told.values().sum::<usize>()
        );
        self.assert_told(&missing, &told)?;
        if told.is_empty() {
            arrived.assert_whole(&sent)?;
        }
        processes.end().await?;
        Ok(told)
    }

    /// The reports must be exact, but inventory may report more: some of its lost spans are waits.
    fn assert_told(self, missing: &Tally, told: &Tally) -> Result<()> {
        for service in missing.keys().chain(told.keys()) {
            let missing = missing.get(service).copied().unwrap_or_default();
            let told = told.get(service).copied().unwrap_or_default();
            let is_exact = missing == told || service == WAITS && missing < told;
            ensure!(
                is_exact,
                "{self}: {service} lost {missing} spans, and told of {told}"
            );
        }
        Ok(())
    }
}

impl Fault {
    fn begin(self) -> Signal {
        match self {
            Self::Stopped => Signal::Term,
            Self::Killed => Signal::Kill,
            Self::Frozen => Signal::Stop,
        }
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            port,
            fault,
            away,
            queue,
        } = self;
        let protocol = if *port == GRPC { "gRPC" } else { "HTTP" };
        write!(f, "{protocol}, {fault} for {away:?}, queues of {queue}")
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

/// Accepts data only once it is in the file.
const CONFIG: &str = "outage.yaml";
const RATE: u32 = 15;
const BEFORE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_secs(15);
const LONG: Duration = Duration::from_secs(120);
const AFTER: Duration = Duration::from_secs(15);
/// The default of `OTEL_BSP_MAX_QUEUE_SIZE`. In fifteen seconds, inventory has about 3,000 spans.
const DEFAULT: u32 = 2_048;
const ENOUGH: u32 = 8_192;
