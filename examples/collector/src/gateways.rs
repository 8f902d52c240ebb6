//! Two gateways: what they keep, that they decide alike, and what it costs to lose one.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use tokio::time::timeout;

use crate::arrivals::{decided, taken};
use crate::checkouts::{Checkouts, Sent, number};
use crate::otlp::requests;
use crate::processes::{Processes, Signal};
use crate::programs::{DECISION_WAIT, Gateway, HTTP, Programs};
use crate::sampling::Kept;
use crate::signals;
use crate::spans::Spans;

pub(crate) async fn run(programs: &Programs) -> Result<()> {
    whole_and_alike(programs).await?;
    for end in [End::Killed, End::Stopped] {
        ended(programs, end).await?;
    }
    Ok(())
}

async fn whole_and_alike(programs: &Programs) -> Result<()> {
    let programs = &programs.within("both")?;
    let mut processes = Processes::new(&programs.data);
    let gateways = BOTH.map(|gateway| programs.gateway_alone(gateway));
    processes.start(gateways).await?;
    processes.start([programs.agent()]).await?;

    let load = load()?;
    println!("sending {CHECKOUTS} checkouts, {} a second", load.rate);
    let sent = load.send(&programs.data)?.await?;
    let all = taken(&programs.taken(), &sent).await?;
    let gateways = decided(&BOTH.map(|gateway| programs.kept_by(gateway)), &sent, &all).await?;
    let kept = Kept::new(&all, &gateways);
    println!("{} traces with {} spans: {kept}", all.len(), all.count());
    kept.assert_policies()?;
    let shares: Vec<_> = gateways.iter().map(Spans::len).collect();
    ensure!(!shares.contains(&0), "one gateway did nothing: {shares:?}");
    for gateway in &gateways {
        gateway.assert_whole(&sent)?;
    }
    println!("none is torn: {shares:?} of them at the two gateways, all spans of each at one");

    // The agent sends logs and metrics to one of the gateways.
    let records = signals::assert_logs_join(&programs.logs_of(Gateway::A), &all, &kept)?;
    println!("{records} log records, each with a span; each service of a kept trace has some");
    let requests = signals::assert_metrics_join(&programs.metrics_of(Gateway::A), &all, &kept)?;
    println!("metrics of each process of a kept trace; they count {requests} requests");
    // The agent exports its counts every five seconds.
    processes.signal("agent", Signal::Term).await?;
    let counted = signals::counted_spans(&programs.data.join("span-metrics.jsonl"), &all);
    ensure!(
        counted == all.count(),
        "{counted} of {} spans were counted before sampling",
        all.count()
    );
    println!("{counted} spans were counted before sampling");
    processes.end().await?;
    alike(&programs.within("alike")?, &programs.taken(), &sent, &kept).await
}

/// Sends the same traces to two new gateways, all of them to both.
async fn alike(programs: &Programs, taken: &Path, sent: &Sent, kept: &Kept<'_>) -> Result<()> {
    let mut processes = Processes::new(&programs.data);
    let gateways = BOTH.map(|gateway| programs.gateway_alone(gateway));
    processes.start(gateways).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    for request in requests(taken) {
        for gateway in BOTH {
            let url = format!("http://127.0.0.1:{}/v1/traces", gateway.http);
            let answer = http.post(url).json(&request).send().await?;
            answer.error_for_status()?;
        }
    }
    let expected: Vec<_> = kept.traces().map(|(id, _)| id).collect();
    let files = BOTH.map(|gateway| programs.kept_by(gateway));
    // They start their wait when the traces arrive, not at the time in the spans.
    tokio::time::sleep(DECISION_WAIT).await;
    for gateway in decided(&files, sent, kept.all()).await? {
        let ids: Vec<_> = gateway.ids().into_iter().collect();
        ensure!(
            ids == expected,
            "a gateway keeps {} traces by itself, the two kept {}",
            ids.len(),
            expected.len()
        );
        ensure!(
            Kept::new(kept.all(), &[gateway]).torn().is_empty(),
            "a gateway has torn what it kept by itself"
        );
    }
    println!(
        "sent to both gateways, each keeps the same {} traces",
        expected.len()
    );
    processes.end().await
}

/// One of the gateways ends during the load, and comes back a while later.
async fn ended(programs: &Programs, end: End) -> Result<()> {
    let programs = &programs.within(&end.to_string())?;
    let mut processes = Processes::new(&programs.data);
    let gateways = BOTH.map(|gateway| programs.gateway_alone(gateway));
    processes.start(gateways).await?;
    processes.start([programs.agent()]).await?;

    println!("sending {CHECKOUTS} checkouts; a gateway is {end} for {AWAY:?} meanwhile");
    let mut sending = Box::pin(load()?.send(&programs.data)?);
    // The load goes on.
    let _ = timeout(BEFORE, &mut sending).await;
    let ended = SystemTime::now().duration_since(UNIX_EPOCH)?;
    processes.signal(Gateway::B.process, end.signal()).await?;
    let _ = timeout(AWAY, &mut sending).await;
    let again = Gateway::B.renamed("b-again");
    processes.start([programs.gateway_alone(again)]).await?;
    let sent = sending.await?;

    let all = taken(&programs.taken(), &sent).await?;
    let files = [Gateway::A, Gateway::B, again].map(|gateway| programs.kept_by(gateway));
    let gateways = decided(&files, &sent, &all).await?;
    let kept = Kept::new(&all, &gateways);
    let (lost, torn) = (kept.lost(), kept.torn());
    let held = |id: &str| {
        all.of(id).is_some_and(|trace| {
            let start = Duration::from_nanos(trace.start());
            start < ended && start + HELD > ended
        })
    };
    let undecided = all.traces().filter(|(id, _)| held(id)).count();
    println!("{kept}");
    println!(
        "{undecided} traces were with the two gateways then; of all traces {} that should be \
         kept were lost, and {} were kept in part",
        lost.len(),
        torn.len()
    );
    for id in lost.into_iter().chain(torn) {
        ensure!(held(id), "trace {id} was not with a gateway when one ended");
    }
    processes.end().await?;
    kept.assert_chance()
}

fn load() -> Result<Checkouts> {
    Ok(Checkouts {
        count: CHECKOUTS,
        rate: number("RATE", RATE)?,
        endpoint: format!("http://127.0.0.1:{HTTP}"),
        variables: vec![("OTEL_BSP_SCHEDULE_DELAY", EXPORT_MS.to_string())],
    })
}

#[derive(Clone, Copy, Debug)]
enum End {
    Killed,
    Stopped,
}

impl End {
    fn signal(self) -> Signal {
        match self {
            Self::Killed => Signal::Kill,
            Self::Stopped => Signal::Term,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Killed => "killed",
            Self::Stopped => "stopped",
        })
    }
}

const BOTH: [Gateway; 2] = [Gateway::A, Gateway::B];
const CHECKOUTS: u32 = 500;
const RATE: u32 = 10;
const BEFORE: Duration = Duration::from_secs(20);
const AWAY: Duration = Duration::from_secs(10);
/// How long a span may wait for its export.
const EXPORT_MS: u32 = 1_000;
/// The time from a trace's first span until the trace is in the file: the export, the wait for its
/// other spans, and three seconds for the gateway's timer, batch and file.
const HELD: Duration = Duration::from_millis(EXPORT_MS as u64)
    .saturating_add(DECISION_WAIT)
    .saturating_add(Duration::from_secs(3));
