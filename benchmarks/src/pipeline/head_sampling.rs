//! How much head sampling saves of the cost of a request that begins a trace.

use std::process::Command;

use anyhow::{Result, ensure};

use super::full_load::{self, Delivered, Load};
use super::row::{BARE, CONTRIB_SPANS, FASTRACE, OURS, OURS_SPANS};
use super::run::BATCH;
use super::sink::Sink;
use super::subject::Protocol;
use super::table::{MEMCHECK, ROUNDS_AT_FULL_LOAD, difference};
use crate::sockets::ROOT;
use crate::valgrind::{CALLGRIND, under_valgrind};

/// Measures the whole process, with spans, metrics and log records, over HTTP/protobuf. Prints the
/// cost of a request over the bare framework if all requests are sampled, a tenth of them, and
/// none.
pub fn print(seconds: u64) -> Result<()> {
    let mut sink = Sink::start()?;
    let bare = cost(&mut sink, None)?;
    println!("| sampled | Ir | al |\n|---|---|---|");
    for (name, ratio) in [("all", 1.0), ("a tenth", 0.1), ("none", 0.0)] {
        let [instructions, allocations] = cost(&mut sink, Some(ratio))?;
        println!(
            "| {name} | {} | {} |",
            instructions - bare[0],
            allocations - bare[1]
        );
    }
    println!();
    full_load(&mut sink, seconds)
}

/// Sends requests over sockets to each stack as fast as it answers, in rounds in which all take
/// turns. If all are sampled, a request counts as delivered only if its span reaches the receiver.
fn full_load(sink: &mut Sink, seconds: u64) -> Result<()> {
    let load = Load {
        connections: CONNECTIONS,
        seconds,
        request: ROOT,
    };
    let rows = [
        (BARE, 1.0),
        (OURS_SPANS, 1.0),
        (OURS_SPANS, 0.1),
        (CONTRIB_SPANS, 1.0),
        (CONTRIB_SPANS, 0.1),
        (FASTRACE, 1.0),
        (FASTRACE, 0.1),
    ];
    let mut totals = rows.map(|_| Delivered::default());
    for _ in 0..ROUNDS_AT_FULL_LOAD {
        for ((row, ratio), total) in rows.iter().zip(&mut totals) {
            let mut command = row.command(Protocol::Http, sink.port)?;
            command.arg("serve");
            sampled(&mut command, *ratio);
            total.add(full_load::round(command, sink, load)?);
        }
    }
    println!("| {CONNECTIONS} connections | sampled | requests/s | of bare | spans a request |");
    println!("|---|---|---|---|---|");
    let bare = totals.first().map_or(1, |bare| bare.per_second().max(1));
    for ((row, ratio), total) in rows.iter().zip(&totals) {
        let rate = total.per_second();
        let spans = total.spans as f64 / total.requests.max(1) as f64;
        println!(
            "| {} | {} % | {rate} | {} % | {spans:.4} |",
            row.title,
            ratio * 100.0,
            rate * 100 / bare,
        );
    }
    Ok(())
}

fn sampled(command: &mut Command, ratio: f64) {
    command.env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    command.env("OTEL_TRACES_SAMPLER_ARG", ratio.to_string());
}

const CONNECTIONS: usize = 32;

/// Instructions and allocations of a request. `None` as the ratio means the bare framework.
fn cost(sink: &mut Sink, ratio: Option<f64>) -> Result<[i64; 2]> {
    let row = if ratio.is_some() { OURS } else { BARE };
    let mut counted = |tool: &[&str], after| {
        difference(|batches| {
            let mut command = row.command(Protocol::Http, sink.port)?;
            command.args(["loop", &batches.to_string()]);
            command.env("BENCHMARKS_ROOTS", "1");
            if let Some(ratio) = ratio {
                sampled(&mut command, ratio);
            }
            let count = under_valgrind(tool, &command, after)?;
            let accepted = sink.accepted()?;
            let expected = f64::from(batches * BATCH) * ratio.unwrap_or_default();
            // Six standard deviations of a binomial distribution.
            let away = 6.0 * (expected * (1.0 - ratio.unwrap_or_default())).sqrt();
            ensure!(
                (accepted as f64 - expected).abs() <= away,
                "{accepted} spans arrived of about {expected}"
            );
            Ok(count)
        })
    };
    Ok([
        counted(&CALLGRIND, "Collected : ")?,
        counted(&MEMCHECK, "total heap usage: ")?,
    ])
}
