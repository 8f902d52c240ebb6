//! The tables, one for each protocol.

use std::process::Command;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use super::full_load::{self, Delivered};
use super::run::BATCH;
use super::sink::Sink;
use super::stack::{Protocol, Stack};
use crate::measure::{CALLGRIND, medians, this_program, under_valgrind};

/// Measures every stack over both protocols, and prints what a sampled request costs over the bare
/// framework.
pub fn print(seconds: u64) -> Result<()> {
    let mut sink = Sink::start()?;
    for (name, protocol) in [("gRPC", Protocol::Grpc), ("HTTP/protobuf", Protocol::Http)] {
        let costs = measure(protocol, &mut sink, seconds)?;
        println!("### {name}\n");
        println!("| | Ir | al | CPU time | at full load | delivered |\n|---|---|---|---|---|---|");
        let bare = costs.first().copied().unwrap_or_default();
        for (stack, cost) in Stack::ALL.into_iter().zip(&costs) {
            println!("| {} | {} |", stack.title(), cells(stack, *cost, bare));
        }
        println!();
    }
    Ok(())
}

/// What one request costs, with the framework's own price in it.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    instructions: i64,
    allocations: i64,
    nanoseconds: i64,
    full_load: Delivered,
}

fn measure(protocol: Protocol, sink: &mut Sink, seconds: u64) -> Result<Vec<Cost>> {
    let mut costs = Vec::new();
    for stack in Stack::ALL {
        eprintln!("{}, {protocol:?}", stack.title());
        let mut counted = |tool: &[&str], after| difference(stack, protocol, sink, tool, after);
        costs.push(Cost {
            instructions: counted(&CALLGRIND, "Collected : ")?,
            allocations: counted(&MEMCHECK, "total heap usage: ")?,
            ..Cost::default()
        });
    }
    // In turns, because the machine has its moods.
    let programs = Stack::ALL.map(|stack| {
        let mut program = program("pipeline-run", stack, protocol, sink.port);
        program.args(["rounds", "20"]);
        program
    });
    for (cost, median) in costs.iter_mut().zip(medians(programs, 31)?) {
        cost.nanoseconds = median;
    }
    sink.accepted()?;
    for _ in 0..ROUNDS {
        for (stack, cost) in Stack::ALL.into_iter().zip(&mut costs) {
            let server = program("pipeline-serve", stack, protocol, sink.port);
            cost.full_load.add(full_load::round(server, sink, seconds)?);
        }
    }
    Ok(costs)
}

/// Of two lengths, so that neither the start nor the end of the process counts.
fn difference(
    stack: Stack,
    protocol: Protocol,
    sink: &mut Sink,
    tool: &[&str],
    after: &str,
) -> Result<i64> {
    let mut count = |batches: u32| {
        let mut program = program("pipeline-run", stack, protocol, sink.port);
        program.args(["loop", &batches.to_string()]);
        let count = under_valgrind(tool, &program, after)?;
        let spans = match stack {
            Stack::Bare => 0,
            _ => u64::from(batches * BATCH),
        };
        let accepted = sink.accepted()?;
        ensure!(accepted == spans, "{accepted} of {spans} spans arrived");
        anyhow::Ok(count)
    };
    let short = count(SHORT)?;
    let long = count(LONG)?;
    Ok((long - short) / i64::from((LONG - SHORT) * BATCH))
}

fn program(name: &str, stack: Stack, protocol: Protocol, port: u16) -> Command {
    let mut program = this_program();
    program.envs(stack.variables(protocol, port));
    program.args([name, &value(&stack), &value(&protocol)]);
    program
}

/// As the arguments have it.
fn value(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The bare framework's own price; of all others what they add to it.
fn cells(stack: Stack, cost: Cost, bare: Cost) -> String {
    let over = match stack {
        Stack::Bare => Cost::default(),
        _ => bare,
    };
    let Delivered {
        requests, spans, ..
    } = cost.full_load;
    let share = match stack {
        Stack::Bare => "–".to_owned(),
        _ => {
            let share = spans as f64 * 100.0 / requests.max(1) as f64;
            format!("{share:.2} %")
        }
    };
    format!(
        "{} | {} | {} ns | {}/s | {share}",
        cost.instructions - over.instructions,
        cost.allocations - over.allocations,
        cost.nanoseconds - over.nanoseconds,
        cost.full_load.per_second(),
    )
}

/// Counts allocations in a program whose allocator is the one that it always has.
const MEMCHECK: [&str; 3] = [
    "--tool=memcheck",
    "--leak-check=no",
    "--undef-value-errors=no",
];
/// Batches of the two lengths.
const SHORT: u32 = 4;
const LONG: u32 = 24;
/// Of each stack at full load.
const ROUNDS: usize = 5;
