//! What one query costs: instructions and allocations, each in processes of their own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use anyhow::{Context, Result, ensure};

/// What one query costs, with sqlx's own price in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub instructions: i64,
    pub allocations: i64,
}

/// Measures it: the least of three, as the driver's thread may be slower than this one waits.
///
/// # Errors
///
/// valgrind is not there, or the query does not record what it has to.
pub fn of(what: [&str; 3], counting: &str) -> Result<Cost> {
    eprintln!("{what:?}");
    let least = |measure: &dyn Fn(u32) -> Result<i64>| {
        let measured = (0..3).map(|_| difference(measure));
        let measured = measured.collect::<Result<Vec<_>>>()?;
        measured.into_iter().min().context("three")
    };
    Ok(Cost {
        instructions: least(&|count| instructions(what, count))?,
        allocations: least(&|count| allocations(what, counting, count))?,
    })
}

/// Of two lengths, so that what is made once does not count.
fn difference(measure: impl Fn(u32) -> Result<i64>) -> Result<i64> {
    Ok((measure(SHORT + COUNTED)? - measure(SHORT)?) / i64::from(COUNTED))
}

fn instructions(what: [&str; 3], count: u32) -> Result<i64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        // Of this thread what is handed to `counted`, and nothing of all others.
        .args(["--collect-atstart=no", "--toggle-collect=*counted*"])
        .arg(std::env::current_exe()?)
        .args(what)
        .arg(count.to_string())
        .output()
        .context("valgrind has to be installed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let mut lines = said.lines();
    let found = lines.find_map(|line| line.split_once("Collected : "));
    let (_, number) = found.with_context(|| said.to_string())?;
    Ok(number.trim().parse()?)
}

/// Counted by another program of this package, which lies beside this one.
fn allocations(what: [&str; 3], counting: &str, count: u32) -> Result<i64> {
    // There threads take turns, so that the driver's answers as late in each query.
    let output = Command::new("valgrind")
        .args(["--tool=none", "--quiet"])
        .arg(program(counting)?)
        .args(what)
        .arg(count.to_string())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{output:?}");
    Ok(said.trim().parse()?)
}

/// Built, because `cargo run` builds one program only.
fn program(name: &str) -> Result<PathBuf> {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        build.args(["build", "--release", "--quiet", "--bin", name]);
        // If it fails, it says why, and there is no such program.
        let _ = build.status();
    });
    Ok(std::env::current_exe()?.with_file_name(name))
}

const SHORT: u32 = 50;
const COUNTED: u32 = 200;
