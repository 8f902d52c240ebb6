//! Checkouts through an agent and two gateways into both backends.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use crate::arrivals::{decided, taken};
use crate::backends::{Backends, JAEGER, ZIPKIN};
use crate::checkouts::{Checkouts, number};
use crate::processes::Processes;
use crate::programs::{Gateway, HTTP, Programs};

/// Returns the programs that should be left running.
pub(crate) async fn run(programs: &Programs) -> Result<Option<Processes>> {
    let load = Checkouts {
        count: number("CHECKOUTS", 200)?,
        rate: number("RATE", 10)?,
        endpoint: format!("http://127.0.0.1:{HTTP}"),
        variables: Vec::new(),
    };
    let mut processes = Processes::new(&programs.data);
    let both = [Gateway::A, Gateway::B];
    let gateways = both.map(|gateway| programs.gateway(gateway));
    let rest = [programs.agent(), programs.jaeger(), programs.zipkin()];
    processes.start(rest.into_iter().chain(gateways)).await?;

    let backends = Backends::new()?;
    println!("sending {} checkouts, {} a second", load.count, load.rate);
    let (sent, ()) = tokio::try_join!(load.send(&programs.data)?, first_trace(&backends))?;
    let all = taken(&programs.taken(), &sent).await?;
    println!(
        "{} traces sent, all of them at the agent, with {} spans",
        all.len(),
        all.count()
    );
    let files = both.map(|gateway| programs.kept_by(gateway));
    let gateways = decided(&files, &sent, &all).await?;
    let kept = crate::sampling::Kept::new(&all, &gateways);
    println!("{kept}");
    kept.assert_policies()?;
    for gateway in &gateways {
        gateway.assert_whole(&sent)?;
    }
    println!("{} of {} complete", kept.len(), kept.len());
    for (backend, complete) in backends.complete(&kept).await {
        println!("{complete} of {} complete in {backend}", kept.len());
        ensure!(complete == kept.len(), "{backend} has not all of them");
    }
    println!("to look at: {ZIPKIN}/zipkin/ and {JAEGER}");
    Ok(env::var_os("STAY").map(|_| processes))
}

/// Prints the time from the start of `run` to the first trace. It must be short if nothing had to
/// be built.
async fn first_trace(backends: &Backends) -> Result<()> {
    backends.first_trace().await?;
    let Ok(began) = env::var("BEGAN") else {
        return Ok(());
    };
    let began = Duration::from_secs(began.parse().context("BEGAN")?);
    let took = SystemTime::now().duration_since(UNIX_EPOCH)? - began;
    println!(
        "the first trace is in Zipkin {} s after the start",
        took.as_secs()
    );
    ensure!(took < LONGEST_START, "that is too long");
    Ok(())
}

const LONGEST_START: Duration = Duration::from_secs(60);
