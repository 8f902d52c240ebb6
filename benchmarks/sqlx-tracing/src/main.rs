//! Prints what a query costs with sqlx-tracing over bare sqlx, or is what is measured.

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
