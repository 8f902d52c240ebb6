//! A child process with an environment of its own, and the collector that it exports to.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses a part of it"
)]

mod collector;

use std::{
    env,
    process::{Command, Output},
};

pub(crate) use collector::{Behaviour, Collector, attribute};

/// The ignored test `name` of this binary as a process, with these variables and no other of
/// those that are read.
pub(crate) fn child(name: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("OTEL_") || text == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied());
    command
}

/// Runs it to its end, which must be a good one.
pub(crate) fn run(name: &str, variables: &[(&str, &str)]) -> Finished {
    let finished = Finished::from(child(name, variables).output().unwrap());
    assert!(finished.is_success, "{finished:#?}");
    finished
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) is_success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            is_success: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Finished {
    /// What was printed as `name: value`.
    pub(crate) fn value(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.stdout
            .lines()
            .find_map(|line| line.split_once(&start))
            .unwrap_or_else(|| panic!("no {name} in {self:#?}"))
            .1
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.value(name).parse().unwrap()
    }

    /// The warnings on standard error.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.contains(" WARN ")).collect()
    }
}
