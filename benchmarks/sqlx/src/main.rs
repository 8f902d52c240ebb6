//! Prints the cost of a query over bare sqlx, or is the measured process.

use anyhow::Result;
use clap::Parser;
use sqlx_benchmark::arguments::Arguments;
use sqlx_benchmark::counting::counted;
use sqlx_benchmark::table::Rows;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.subject {
        None => ROWS.print(),
        Some(_) => arguments.run(&mut counted),
    }
}

const ROWS: Rows<'_> = Rows {
    counting: "sqlx-allocations",
    subjects: &[
        ("bare sqlx 0.9", "bare"),
        ("a span and a point by hand", "by-hand"),
        ("**otel-middleware-sqlx**", "ours"),
        (
            "**otel-middleware-sqlx**, with the pool's metrics",
            "ours-with-pool",
        ),
        ("oxtel-sql", "oxtel"),
    ],
};
