//! What head sampling leaves of the price of a request that begins a trace.

use anyhow::{Result, ensure};

use super::row::{BARE, OURS};
use super::run::BATCH;
use super::sink::Sink;
use super::subject::Protocol;
use super::table::{MEMCHECK, difference};
use crate::measure::{CALLGRIND, under_valgrind};

/// Measures the whole process, with spans, metrics and log records, over HTTP/protobuf, and prints
/// what a request costs over the bare framework when all are sampled, a tenth, and none.
pub fn print() -> Result<()> {
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
    Ok(())
}

/// Instructions and allocations of a request; of the bare framework without a ratio.
fn cost(sink: &mut Sink, ratio: Option<f64>) -> Result<[i64; 2]> {
    let row = if ratio.is_some() { OURS } else { BARE };
    let mut counted = |tool: &[&str], after| {
        difference(|batches| {
            let mut command = row.command(Protocol::Http, sink.port)?;
            command.args(["loop", &batches.to_string()]);
            command.env("BENCHMARKS_ROOTS", "1");
            if let Some(ratio) = ratio {
                command.env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
                command.env("OTEL_TRACES_SAMPLER_ARG", ratio.to_string());
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
