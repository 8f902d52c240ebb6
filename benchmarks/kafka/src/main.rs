//! Prints what a send and the work on a message cost over bare rdkafka, or is what is measured.

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
