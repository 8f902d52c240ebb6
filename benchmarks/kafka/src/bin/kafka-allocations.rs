//! Counts the allocations of so many operations, in a program whose allocator counts.

use clap::Parser;
use kafka_benchmark::setup::Setup;
use kafka_benchmark::subject::{self, Subject};

#[derive(Parser)]
struct Arguments {
    subject: Subject,
    setup: Setup,
    count: u32,
}

fn main() -> anyhow::Result<()> {
    let Arguments {
        subject,
        setup,
        count,
    } = Arguments::parse();
    let mut allocations = 0;
    let mut counted = |work: &mut dyn FnMut()| {
        allocations += allocation_counter::measure(work).count_total;
    };
    let providers = subject::providers(setup);
    subject::run(subject, setup, providers, count, &mut counted)?;
    println!("{allocations}");
    Ok(())
}
