//! What one query costs: instructions and allocations, each in processes of their own.

use std::process::Command;

use anyhow::{Context, Result};

use crate::counting::{Cost, difference, instructions, printed};
use crate::valgrind::program;

/// Measures it, with sqlx's own price in it: the least of three, as the driver's thread may be
/// slower than this one waits.
///
/// # Errors
///
/// valgrind is not there, or the query does not record what it has to.
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
            // Under valgrind threads take turns, so that the driver's answers as late in each query.
            let mut command = Command::new("valgrind");
            command.args(["--tool=none", "--quiet"]);
            printed(command.arg(program(counting)?).args(arguments))
        })?,
    })
}
