//! Counts the allocations of so many queries, in a program whose allocator counts.

use clap::Parser;
use sqlx_tracing_benchmark::setup::Setup;
use sqlx_tracing_benchmark::subject::{self, Subject, Way};

#[derive(Parser)]
struct Arguments {
    subject: Subject,
    way: Way,
    setup: Setup,
    count: u32,
}

fn main() -> anyhow::Result<()> {
    let Arguments {
        subject,
        way,
        setup,
        count,
    } = Arguments::parse();
    let mut allocations = 0;
    let mut counted = |work: &mut dyn FnMut()| {
        allocations += allocation_counter::measure(work).count_total;
    };
    subject::run(subject, way, setup, count, &mut counted)?;
    println!("{allocations}");
    Ok(())
}
