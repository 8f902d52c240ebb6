//! The cost of what one thread does between its waits. The packages that measure drivers include
//! this file.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::valgrind::{CALLGRIND, under_valgrind};

/// The cost of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub instructions: i64,
    pub allocations: i64,
}

impl Cost {
    /// The difference to the cost of `bare`.
    #[must_use]
    pub fn over(self, bare: Self) -> Self {
        Self {
            instructions: self.instructions - bare.instructions,
            allocations: self.allocations - bare.allocations,
        }
    }
}

/// The difference of two lengths, so that what is done once does not count.
///
/// # Errors
///
/// If one of them cannot be measured.
pub fn difference(measure: impl Fn(u32) -> Result<i64>) -> Result<i64> {
    Ok((measure(SHORT + COUNTED)? - measure(SHORT)?) / i64::from(COUNTED))
}

/// The instructions of this program with these `arguments`, inside of [`counted`] and on its thread
/// only.
///
/// # Errors
///
/// If valgrind is missing, or the program fails.
pub fn instructions(arguments: &[&str]) -> Result<i64> {
    let [tool, output] = CALLGRIND;
    let inside = ["--collect-atstart=no", "--toggle-collect=*counted*"];
    let tool = [tool, output, inside[0], inside[1]];
    let mut program = Command::new(std::env::current_exe()?);
    program.args(arguments);
    under_valgrind(&tool, &program, "Collected : ")
}

/// The number that a program prints.
///
/// # Errors
///
/// It fails.
pub fn printed(program: &mut Command) -> Result<i64> {
    let output = program.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{output:?}");
    Ok(said.trim().parse()?)
}

/// Prints a row of a table.
pub fn print_row(name: &str, costs: &[Cost]) {
    let cells = costs.iter().map(|cost| {
        let Cost {
            instructions,
            allocations,
        } = cost;
        format!("{instructions} Ir · {allocations} al")
    });
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// callgrind counts what runs inside of this function, which it finds by name.
#[inline(never)]
pub fn counted(work: &mut dyn FnMut()) {
    work();
}

const SHORT: u32 = 50;
const COUNTED: u32 = 200;
