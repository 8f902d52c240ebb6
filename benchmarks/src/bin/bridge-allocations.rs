//! Counts the allocations of one span or event; the program's allocator does the counting.

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
    // One-time allocations are not part of a span's cost. Two lengths, to remove the constant part.
    work.repeat(times);
    let count = |times| allocation_counter::measure(|| work.repeat(times)).count_total;
    println!("{}", (count(2 * times) - count(times)) / u64::from(times));
    Ok(())
}
