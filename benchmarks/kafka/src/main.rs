//! Prints the cost of a send and of the work on a message over bare rdkafka, or is the measured
//! process.

use anyhow::Result;
use clap::Parser;
use kafka_benchmark::arguments::Arguments;
use kafka_benchmark::counting::counted;
use kafka_benchmark::table;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.subject {
        None => table::print(),
        Some(_) => arguments.run(&mut counted),
    }
}
