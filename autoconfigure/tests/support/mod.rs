//! A child process with its own environment, and the collector that it exports to.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses a part of it"
)]

mod collector;
mod started;

use std::{
    env,
    fmt::Write,
    process::{self, Command, ExitStatus},
    thread,
};

use serde_json::Value;
use tokio::net::TcpSocket;

pub(crate) use collector::{Behaviour, Collector, attribute};
pub(crate) use started::Started;

/// The roles of the child processes of a test binary, by name.
pub(crate) type Roles = &'static [(&'static str, fn())];

/// Comes first in each test that starts children. A child is the same test again; here it plays its
/// role and ends.
pub(crate) fn play(roles: Roles) {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let Some((_, main)) = roles.iter().find(|(name, _)| *name == role) else {
        panic!("no role {role}");
    };
    main();
    process::exit(0);
}

/// The calling test in `role` as a process, with these variables and no other of those that are
/// read.
pub(crate) fn child(role: &str, variables: &[(&str, &str)]) -> Command {
    assert!(env::var_os(ROLE).is_none(), "a child starts no children");
    let mut command = Command::new(env::current_exe().unwrap());
    // The test's thread has the test's name.
    let test = thread::current();
    command.args(["--exact", test.name().unwrap(), "--nocapture"]);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("OTEL_") || text == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.env(ROLE, role).envs(variables.iter().copied());
    command
}

/// Runs it to its end, which must be successful.
pub(crate) fn run(role: &str, variables: &[(&str, &str)]) -> Finished {
    let output = child(role, variables).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let finished = Finished::new(output.status, stdout, output.stderr);
    assert!(finished.is_success, "{finished:#?}");
    finished
}

/// An address on which nothing listens. Its port stays bound, so that nothing else can get it.
pub(crate) fn nobody() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    format!("http://{address}")
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) is_success: bool,
    pub(crate) stdout: String,
    /// In the form that a terminal shows.
    pub(crate) stderr: String,
    /// As it was written.
    pub(crate) lines: String,
}

impl Finished {
    fn new(status: ExitStatus, stdout: String, stderr: Vec<u8>) -> Self {
        let lines = String::from_utf8(stderr).unwrap();
        Self {
            is_success: status.success(),
            stdout,
            stderr: lines.split_inclusive('\n').map(readable).collect(),
            lines,
        }
    }

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

/// A line in the form that a terminal shows, from one that was written without a terminal.
fn readable(line: &str) -> String {
    let Ok(Value::Object(mut line)) = serde_json::from_str(line) else {
        return line.to_owned();
    };
    let mut text = |name: &str| match line.remove(name) {
        Some(Value::String(text)) => text,
        other => other.unwrap_or_default().to_string(),
    };
    let (timestamp, level) = (text("timestamp"), text("level"));
    let (target, message) = (text("target"), text("message"));
    let mut readable = format!("{timestamp} {level:>5} {target}: {message}");
    for fields in ["fields", "spans", "trace_id", "span_id", "http.route"] {
        match line.remove(fields) {
            Some(Value::Object(fields)) => {
                for (name, value) in fields {
                    write!(readable, " {name}={value}").unwrap();
                }
            }
            Some(Value::String(id)) => write!(readable, " {fields}={id}").unwrap(),
            _ => {}
        }
    }
    assert!(line.is_empty(), "{line:?}");
    readable + "\n"
}

/// The variable that makes a process a child.
const ROLE: &str = "TEST_ROLE";
