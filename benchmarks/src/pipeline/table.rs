//! The tables, one for each protocol.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::full_load::{self, Delivered, Load};
use super::row::{ROWS, Row};
use super::run::BATCH;
use super::sink::Sink;
use super::subject::Protocol;
use crate::measure::medians;
use crate::sockets::REQUEST;
use crate::valgrind::{CALLGRIND, under_valgrind};

/// Measures every stack over both protocols, and prints the cost of a sampled request over the bare
/// framework.
pub fn print(seconds: u64) -> Result<()> {
    let mut sink = Sink::start()?;
    for (name, protocol) in [("gRPC", Protocol::Grpc), ("HTTP/protobuf", Protocol::Http)] {
        let costs = measure(protocol, &mut sink, seconds)?;
        println!("| {name} | Ir | al | CPU time | at full load | delivered |");
        println!("|---|---|---|---|---|---|");
        let bare = costs.first().copied().unwrap_or_default();
        for (row, cost) in ROWS.into_iter().zip(&costs) {
            println!("| {} | {} |", row.title, cells(row, *cost, bare));
        }
        println!();
    }
    Ok(())
}

/// The cost of one request, including the framework's own cost.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    instructions: i64,
    allocations: i64,
    nanoseconds: i64,
    full_load: Delivered,
}

fn measure(protocol: Protocol, sink: &mut Sink, seconds: u64) -> Result<Vec<Cost>> {
    let port = sink.port;
    let command = |row: Row, run: &[&str]| {
        let mut command = row.command(protocol, port)?;
        command.args(run);
        anyhow::Ok(command)
    };
    let mut costs = Vec::new();
    for row in ROWS {
        eprintln!("{}, {protocol:?}", row.title);
        let mut counted = |tool: &[&str], after| {
            difference(|batches| {
                let command = command(row, &["loop", &batches.to_string()])?;
                let spans = if row.is_bare() { 0 } else { batches * BATCH };
                count(&command, sink, u64::from(spans), tool, after)
            })
        };
        costs.push(Cost {
            instructions: counted(&CALLGRIND, "Collected : ")?,
            allocations: counted(&MEMCHECK, "total heap usage: ")?,
            ..Cost::default()
        });
    }
    let commands = ROWS.map(|row| command(row, &["rounds", "20"]));
    let commands = commands.into_iter().collect::<Result<Vec<_>>>()?;
    let medians = medians(commands, ROUNDS)?;
    for (cost, median) in costs.iter_mut().zip(medians) {
        cost.nanoseconds = median;
    }
    sink.accepted()?;
    for _ in 0..ROUNDS_AT_FULL_LOAD {
        for (row, cost) in ROWS.into_iter().zip(&mut costs) {
            let load = Load {
                connections: CONNECTIONS,
                seconds,
                request: REQUEST,
            };
            let round = full_load::round(command(row, &["serve"])?, sink, load)?;
            cost.full_load.add(round);
        }
    }
    Ok(costs)
}

/// The cost of a request, as the difference of two lengths, so that start and end of the process do
/// not count. Each length is the minimum of three runs, because anything above it is not the
/// request's cost.
pub(super) fn difference(mut count: impl FnMut(u32) -> Result<i64>) -> Result<i64> {
    let mut least = |batches| {
        let counts = (0..3).map(|_| count(batches));
        let counts = counts.collect::<Result<Vec<_>>>()?;
        counts.into_iter().min().context("three")
    };
    let (short, long) = (least(SHORT)?, least(LONG)?);
    let requests = i64::from((LONG - SHORT) * BATCH);
    // Rounded to the nearest integer.
    Ok((long - short + requests / 2) / requests)
}

/// The count of a valgrind tool for a process whose spans all arrive.
fn count(
    command: &Command,
    sink: &mut Sink,
    spans: u64,
    tool: &[&str],
    after: &str,
) -> Result<i64> {
    let count = under_valgrind(tool, command, after)?;
    let accepted = sink.accepted()?;
    ensure!(accepted == spans, "{accepted} of {spans} spans arrived");
    Ok(count)
}

/// The bare framework's own cost; for all others, the cost that they add to it.
fn cells(row: Row, cost: Cost, bare: Cost) -> String {
    let over = if row.is_bare() { Cost::default() } else { bare };
    let Delivered {
        requests, spans, ..
    } = cost.full_load;
    let share = spans as f64 * 100.0 / requests.max(1) as f64;
    let share = match row.is_bare() {
        true => "–".to_owned(),
        false => format!("{share:.2} %"),
    };
    format!(
        "{} | {} | {} ns | {}/s | {share}",
        cost.instructions - over.instructions,
        cost.allocations - over.allocations,
        cost.nanoseconds - over.nanoseconds,
        cost.full_load.per_second(),
    )
}

/// Counts allocations in a program with its usual allocator.
pub(crate) const MEMCHECK: [&str; 3] = [
    "--tool=memcheck",
    "--leak-check=no",
    "--undef-value-errors=no",
];
/// The numbers of batches of the two lengths.
const SHORT: u32 = 4;
const LONG: u32 = 24;
/// All rows take turns in each round, because the speed of the machine varies.
const ROUNDS: usize = 31;
pub(super) const ROUNDS_AT_FULL_LOAD: usize = 5;
const CONNECTIONS: usize = 16;
