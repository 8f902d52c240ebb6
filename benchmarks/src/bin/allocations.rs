//! Counts the allocations and the bytes of one request; the program's allocator does the counting.

use benchmarks::column::Column;
use benchmarks::setup::Setup;
use clap::Parser;

#[derive(Parser)]
struct Arguments {
    column: Column,
    setup: Setup,
}

fn main() {
    let Arguments { column, setup } = Arguments::parse();
    let _export_metrics = column.install(setup);
    let mut request = (column.subject)(setup);
    // One-time allocations are not part of a request's cost.
    (0..100).for_each(|_| request());
    let counted = allocation_counter::measure(request);
    println!("{} {}", counted.count_total, counted.bytes_total);
}
