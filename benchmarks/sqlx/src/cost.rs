//! The cost of one query: instructions and allocations, each measured in separate processes.

use std::process::Command;

use anyhow::{Context, Result};

use crate::counting::{Cost, difference, instructions, printed};
use crate::valgrind::program;

/// Measures a query, including sqlx's own cost. Takes the least of three, because the driver's
/// thread may answer late.
///
/// # Errors
///
/// If valgrind is missing, or the query does not record everything that it must.
pub fn of(what: [&str; 3], counting: &str) -> Result<Cost> {
    eprintln!("{what:?}");
    let [subject, way, setup] = what;
    let least = |measure: &dyn Fn(&[&str]) -> Result<i64>| {
        let counted = |count: u32| measure(&[subject, way, setup, &count.to_string()]);
        let measured = (0..3).map(|_| difference(counted));
        let measured = measured.collect::<Result<Vec<_>>>()?;
        measured.into_iter().min().context("three")
    };
    Ok(Cost {
        instructions: least(&instructions)?,
        allocations: least(&|arguments| {
            // Under valgrind threads take turns, so the driver's answer is equally late in each
            // query.
            let mut command = Command::new("valgrind");
            command.args(["--tool=none", "--quiet"]);
            printed(command.arg(program(counting)?).args(arguments))
        })?,
    })
}
