//! The arguments of both programs.

use anyhow::{Context, Result};
use clap::Parser;

use crate::setup::Setup;
use crate::subject::{self, Measure, Subject};

/// Without arguments: everything, as a table.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// What is measured.
    pub subject: Option<Subject>,
    #[arg(requires = "subject")]
    setup: Option<Setup>,
    #[arg(requires = "setup")]
    count: Option<u32>,
}

impl Arguments {
    /// Does the work this many times.
    ///
    /// # Errors
    ///
    /// If an argument is missing, or the operation fails.
    pub fn run(self, measure: &mut Measure<'_>) -> Result<()> {
        let subject = self.subject.context("what is measured")?;
        let setup = self.setup.context("a set-up")?;
        let count = self.count.context("how many")?;
        let providers = subject::providers(setup);
        subject::run(subject, setup, providers, count, measure)
    }
}
