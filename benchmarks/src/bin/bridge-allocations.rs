//! Counts the allocations of one span or event, in a program whose allocator counts.

use anyhow::Result;
use benchmarks::bridges::run::Arguments;
use benchmarks::bridges::subscribers::install;
use clap::Parser;

fn main() -> Result<()> {
    let Arguments {
        bridge,
        work,
        times,
    } = Arguments::parse();
    let _kept = install(bridge)?;
    // What is made once is not the price of a span. Two lengths, for what happens around all.
    work.repeat(times);
    let count = |times| allocation_counter::measure(|| work.repeat(times)).count_total;
    println!("{}", (count(2 * times) - count(times)) / u64::from(times));
    Ok(())
}
