//! The arguments of both programs.

use anyhow::{Context, Result};
use clap::Parser;

use crate::polled::Measure;
use crate::query::Way;
use crate::setup::Setup;
use crate::subject::{self, Subject};

/// Without arguments: everything, as tables.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// What is measured.
    pub subject: Option<Subject>,
    #[arg(requires = "subject")]
    way: Option<Way>,
    #[arg(requires = "way")]
    setup: Option<Setup>,
    #[arg(requires = "setup")]
    count: Option<u32>,
}

impl Arguments {
    /// Runs the query this many times.
    ///
    /// # Errors
    ///
    /// If an argument is missing, or the query does not record everything that it must.
    pub fn run(self, measure: &mut Measure<'_>) -> Result<()> {
        let subject = self.subject.context("what is measured")?;
        let way = self.way.context("a way")?;
        let setup = self.setup.context("a set-up")?;
        let count = self.count.context("how many")?;
        subject::run(subject, way, setup, count, measure)
    }
}
