//! Prints what a query costs with sqlx-tracing over bare sqlx, or is what is measured.

use anyhow::{Context, Result};
use clap::Parser;
use sqlx_tracing_benchmark::setup::Setup;
use sqlx_tracing_benchmark::subject::{self, Subject, Way};
use sqlx_tracing_benchmark::table::Rows;

/// Without arguments: everything, as tables.
#[derive(Parser)]
struct Arguments {
    /// What is measured.
    subject: Option<Subject>,
    #[arg(requires = "subject")]
    way: Option<Way>,
    #[arg(requires = "way")]
    setup: Option<Setup>,
    #[arg(requires = "setup")]
    count: Option<u32>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let Some(subject) = arguments.subject else {
        return ROWS.print();
    };
    let way = arguments.way.context("a way")?;
    let setup = arguments.setup.context("a set-up")?;
    let count = arguments.count.context("how many")?;
    subject::run(subject, way, setup, count, &mut counted)
}

/// callgrind counts what is done in here, by the name of this function.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}

const ROWS: Rows<'_> = Rows {
    counting: "sqlx-tracing-allocations",
    subjects: &[("bare sqlx 0.8", "bare"), ("sqlx-tracing", "sqlx-tracing")],
};
