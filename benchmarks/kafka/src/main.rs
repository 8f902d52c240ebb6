//! Prints what a send and the work on a message cost over bare rdkafka, or is what is measured.

use anyhow::{Context, Result};
use clap::Parser;
use kafka_benchmark::setup::Setup;
use kafka_benchmark::subject::{self, Subject};
use kafka_benchmark::table;

/// Without arguments: everything, as a table.
#[derive(Parser)]
struct Arguments {
    /// What is measured.
    subject: Option<Subject>,
    #[arg(requires = "subject")]
    setup: Option<Setup>,
    #[arg(requires = "setup")]
    count: Option<u32>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let Some(subject) = arguments.subject else {
        return table::print();
    };
    let setup = arguments.setup.context("a set-up")?;
    let count = arguments.count.context("how many")?;
    let providers = subject::providers(setup);
    subject::run(subject, setup, providers, count, &mut counted)
}

/// callgrind counts what is done in here, by the name of this function.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}
