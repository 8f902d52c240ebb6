//! Programs that are measured under valgrind. All packages of the benchmarks include this file.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use anyhow::{Context, Result, ensure};

/// Runs a program under a tool of valgrind, and reads the number after the text `after` from its
/// output.
pub(crate) fn under_valgrind(tool: &[&str], program: &Command, after: &str) -> Result<i64> {
    let variables = program.get_envs();
    let variables = variables.filter_map(|(name, value)| Some((name, value?)));
    let output = Command::new("valgrind")
        .envs(variables)
        .args(tool)
        .arg(program.get_program())
        .args(program.get_args())
        .output()
        .context("valgrind has to be installed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let mut lines = said.lines();
    let found = lines.find_map(|line| line.split_once(after));
    let (_, number) = found.with_context(|| said.to_string())?;
    let number = number.trim().split(' ').next().unwrap_or_default();
    Ok(number.replace(',', "").parse()?)
}

/// Counts instructions, and prints the count as `Collected : `.
pub(crate) const CALLGRIND: [&str; 2] = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// Another program of this package, next to this one. It is built first, because `cargo run` builds
/// only one program.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        build.args(["build", "--release", "--quiet", "--bin", name]);
        // A failed build prints its reason, and the program is then missing.
        let _ = build.status();
    });
    Ok(std::env::current_exe()?.with_file_name(name))
}
