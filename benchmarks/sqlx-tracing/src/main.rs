//! Prints the cost of a query with sqlx-tracing over bare sqlx, or is the measured process.

use anyhow::Result;
use clap::Parser;
use sqlx_tracing_benchmark::arguments::Arguments;
use sqlx_tracing_benchmark::counting::counted;
use sqlx_tracing_benchmark::table::Rows;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.subject {
        None => ROWS.print(),
        Some(_) => arguments.run(&mut counted),
    }
}

const ROWS: Rows<'_> = Rows {
    counting: "sqlx-tracing-allocations",
    subjects: &[("bare sqlx 0.8", "bare"), ("sqlx-tracing", "sqlx-tracing")],
};
