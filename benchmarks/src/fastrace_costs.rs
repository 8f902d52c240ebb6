//! The cost of fastrace, which assembles its spans on a separate thread.
//!
//! Its middlewares are in a separate program, which reads the clock for some time at its start. So
//! only what happens inside the loop and on the collector's thread is counted.

use std::process::Command;

use anyhow::{Context, Result};

use crate::column::{Column, Kind};
use crate::frameworks::{axum, reqwest, tonic};
use crate::measure::this_program;
use crate::pipeline::MEMCHECK;
use crate::valgrind::{CALLGRIND, program, under_valgrind};

/// Prints the cost of a sampled request over the bare framework, if its spans are dropped.
pub fn print() -> Result<()> {
    println!("| | Ir on the request's thread | Ir in all | al in all |\n|---|---|---|---|");
    for (columns, fastrace) in [
        (axum::COLUMNS, "axum"),
        (reqwest::COLUMNS, "reqwest"),
        (tonic::COLUMNS, "tonic"),
    ] {
        let column = |kind| {
            let mut columns = columns.iter();
            let found = columns.find(|column: &&Column| column.kind == kind);
            found.copied().context("a column of this kind")
        };
        let (bare, ours) = (column(Kind::Nothing)?, column(Kind::Ours)?);
        let bare = cost(|| Ok(ours_or_bare(bare)))?;
        let without_tracestate = || {
            let mut command = ours_or_bare(ours);
            command.env("BENCHMARKS_NO_TRACESTATE", "1");
            command
        };
        let rows = [
            (
                format!("**{}**", ours.name),
                cost(|| Ok(ours_or_bare(ours)))?,
            ),
            (
                format!("**{}**, without tracestate", ours.name),
                cost(|| Ok(without_tracestate()))?,
            ),
            (
                format!("fastrace-{fastrace}"),
                cost(|| {
                    let mut command = Command::new(program("fastrace")?);
                    command.arg(fastrace);
                    Ok(command)
                })?,
            ),
        ];
        for (name, cost) in rows {
            let [thread, all, allocations] = cost;
            println!(
                "| {name} | {} | {} | {} |",
                thread - bare[0],
                all - bare[1],
                allocations - bare[2]
            );
        }
    }
    Ok(())
}

fn ours_or_bare(column: Column) -> Command {
    let mut command = this_program();
    command.args([
        "request".to_owned(),
        column.to_string(),
        "c".to_owned(),
        "loop".to_owned(),
    ]);
    command
}

/// Instructions of the requests' thread, instructions of all threads, and allocations of all
/// threads.
fn cost(command: impl Fn() -> Result<Command>) -> Result<[i64; 3]> {
    let counted = |tool: &[&str], after| {
        let count = |requests: u32| {
            let mut command = command()?;
            command.arg(requests.to_string());
            under_valgrind(tool, &command, after)
        };
        anyhow::Ok((count(SHORT + REQUESTS)? - count(SHORT)?) / i64::from(REQUESTS))
    };
    let [tool, output] = CALLGRIND;
    let thread = [tool, output, IN_LOOP];
    let all = [tool, output, IN_LOOP, IN_COLLECTOR];
    Ok([
        counted(&thread, "Collected : ")?,
        counted(&all, "Collected : ")?,
        counted(&MEMCHECK, "total heap usage: ")?,
    ])
}

const IN_LOOP: &str = "--toggle-collect=benchmarks::request::counted_requests*";
const IN_COLLECTOR: &str = "--toggle-collect=*GlobalCollector::handle_commands*";
const SHORT: u32 = 512;
const REQUESTS: u32 = 5120;
