//! Sends checkouts through an agent and two gateways into two backends, and counts what arrived.
//!
//! `run` beside this file builds and fetches what it starts; see the README there.

mod backends;
mod outage;
mod processes;
mod sampling;
mod spans;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::{Instant, sleep};

use processes::{Checkouts, Processes};
use sampling::Kept;
use spans::Spans;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = tokio::select! {
        outcome = run() => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    match outcome {
        Ok(()) => {
            println!("everything held");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("not everything held: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let folder = PathBuf::from(env::var("KEPT").context("start it by examples/collector/run")?);
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir_all(&data)?;
    if env::args().nth(1).as_deref() == Some("outage") {
        return outage::run(&folder, &data).await;
    }
    // What they are started for ends with them, however this ends.
    let mut processes = Processes::new(&folder, &data);
    processes.start_all().await?;

    let (checkouts, rate) = (number("CHECKOUTS", 200)?, number("RATE", 10)?);
    println!("sending {checkouts} checkouts, {rate} a second");
    let endpoint = "http://127.0.0.1:4318";
    let load = Checkouts {
        count: checkouts,
        rate,
        endpoint,
        queue: 2_048,
    };
    let sent = processes.shop(&load)?.await?;
    let sent: Vec<_> = sent.into_iter().map(|(id, _)| id).collect();
    let all = spans_at_the_agent(&data, &sent).await?;
    println!(
        "{} traces and {} spans at the agent",
        all.len(),
        all.count()
    );
    all.assert_whole()?;

    let kept = decided(&data, &all).await?;
    println!("{kept}");
    kept.assert_policies(&all)?;
    let shown = backends::shown(kept.traces(), &all).await?;
    for (backend, complete) in shown {
        println!("{complete} of {} complete in {backend}", kept.len());
        ensure!(complete == kept.len(), "{backend} has not all of them");
    }
    println!("look at them: http://127.0.0.1:9411/zipkin/ and http://127.0.0.1:16686");
    if env::var_os("STAY").is_some() {
        println!("until Ctrl-C");
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Everything that was sent, as the agent has written it down.
async fn spans_at_the_agent(data: &Path, sent: &[String]) -> Result<Spans> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut all = Spans::read(&data.join("all.jsonl"))?;
        all.retain(sent);
        if all.len() == sent.len() && all.assert_whole().is_ok() {
            return Ok(all);
        }
        ensure!(
            Instant::now() < deadline,
            "{} of {} traces have reached the agent",
            all.len(),
            sent.len()
        );
        sleep(PAUSE).await;
    }
}

/// What the gateways have kept, once nothing more is to come.
async fn decided(data: &Path, all: &Spans) -> Result<Kept> {
    // A decision comes at the latest this long after the last span.
    let deadline = Instant::now() + 3 * processes::DECISION_WAIT;
    let mut before = BTreeMap::new();
    loop {
        let kept = Kept::read(data, all)?;
        let is_settled = kept.counts() == &before && kept.has_all_that_has_to_be(all);
        if is_settled || Instant::now() > deadline {
            return Ok(kept);
        }
        before.clone_from(kept.counts());
        sleep(processes::DECISION_WAIT).await;
    }
}

fn number(variable: &str, default: u32) -> Result<u32> {
    match env::var(variable) {
        Ok(value) => value
            .parse()
            .with_context(|| format!("{variable}={value:?}")),
        Err(_) => Ok(default),
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);
