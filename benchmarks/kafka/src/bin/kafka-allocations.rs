//! Counts the allocations of a number of operations; the program's allocator does the counting.

use clap::Parser;
use kafka_benchmark::arguments::Arguments;

fn main() -> anyhow::Result<()> {
    let mut allocations = 0;
    let mut counted = |work: &mut dyn FnMut()| {
        allocations += allocation_counter::measure(work).count_total;
    };
    Arguments::parse().run(&mut counted)?;
    println!("{allocations}");
    Ok(())
}
