//! The table of `tracing` in `docs/performance.md`.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::column::Bridge;
use super::work::Work;
use crate::measure::this_program;
use crate::valgrind::program;

/// Prints the cost of each subscriber, without the caller's tracestate and with it.
pub fn print() -> Result<()> {
    for (title, variable) in [
        (
            "without tracestate",
            Some(("BENCHMARKS_NO_TRACESTATE", "1")),
        ),
        ("with tracestate", None),
    ] {
        let works = Work::value_variants();
        let names: Vec<_> = works.iter().map(|work| work.name()).collect();
        println!("| {title} | {} |", names.join(" | "));
        println!("|---|{}", "---|".repeat(works.len()));
        for bridge in Bridge::value_variants() {
            let cells = works
                .iter()
                .map(|work| cell(*bridge, *work, variable))
                .collect::<Result<Vec<_>>>()?;
            println!("| {} | {} |", bridge.name(), cells.join(" | "));
        }
        println!();
    }
    Ok(())
}

type Variable = Option<(&'static str, &'static str)>;

fn cell(bridge: Bridge, work: Work, variable: Variable) -> Result<String> {
    let short = collected(bridge, work, 100, variable)?;
    let long = collected(bridge, work, 600, variable)?;
    let allocations = allocations(bridge, work, variable)?;
    Ok(format!("{} Ir · {allocations} al", (long - short) / 500))
}

fn collected(bridge: Bridge, work: Work, times: u32, variable: Variable) -> Result<i64> {
    let program = this_program();
    let log = format!("{}.callgrind", std::process::id());
    let log = std::env::temp_dir().join(log);
    let output = Command::new("valgrind")
        .envs(variable)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        // The lines use standard error.
        .arg(format!("--log-file={}", log.display()))
        .arg(program.get_program())
        .args(["bridge", &bridge.name(), &work.name(), &times.to_string()])
        .stderr(Stdio::null())
        .status()
        .context("valgrind has to be installed")?;
    ensure!(output.success(), "{bridge:?} {work:?}");
    let said = std::fs::read_to_string(&log)?;
    let _ = std::fs::remove_file(&log);
    let mut lines = said.lines();
    let collected = lines.find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.with_context(|| said.clone())?;
    Ok(count.trim().parse()?)
}

fn allocations(bridge: Bridge, work: Work, variable: Variable) -> Result<String> {
    let output = Command::new(program("bridge-allocations")?)
        .envs(variable)
        .args([&bridge.name(), &work.name(), "100"])
        .stderr(Stdio::null())
        .output()?;
    ensure!(output.status.success(), "{bridge:?} {work:?}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
