//! The real binary with `--serve`, for the tests of its processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

pub(crate) struct Shop {
    parent: Child,
    pub(crate) services: Vec<Service>,
    pub(crate) stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
}

impl Shop {
    /// Returns when all five services are ready.
    pub(crate) fn open() -> Self {
        Self::open_with(&[])
    }

    /// The same with these variables set.
    pub(crate) fn open_with(variables: &[(&str, &str)]) -> Self {
        let mut parent = checkout(&["--serve"])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(parent.stderr.take().unwrap());
        let services = (0..5).map(|_| Service::read(&mut stderr)).collect();
        Self {
            stdout: BufReader::new(parent.stdout.take().unwrap()),
            parent,
            services,
            stderr,
        }
    }

    pub(crate) fn service(&self, name: &str) -> &Service {
        self.services
            .iter()
            .find(|service| service.name == name)
            .unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        send(signal, self.parent.id());
    }

    /// Waits for this text on standard error, while the program runs.
    pub(crate) fn hear(&mut self, words: &str) -> String {
        hear(&mut self.stderr, words)
    }

    /// Waits for this text on standard output, while the program runs.
    pub(crate) fn read(&mut self, words: &str) -> String {
        hear(&mut self.stdout, words)
    }

    /// Waits for the end. Returns the status and the text on standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.parent.wait().unwrap(), said)
    }

    pub(crate) fn left_behind(&self) -> Vec<&str> {
        self.services
            .iter()
            .filter(|service| is_running(service.process))
            .map(|service| service.name.as_str())
            .collect()
    }

    /// For processes whose parent is gone, so that nothing can wait for them.
    pub(crate) fn wait_until_nothing_is_left_behind(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.left_behind().is_empty() {
            assert!(
                Instant::now() < deadline,
                "{:?} still run",
                self.left_behind()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends one checkout to the gateway and returns the status line.
    pub(crate) fn buy(&self, basket: &str, headers: &str) -> String {
        let answer = self.answer(basket, headers);
        answer.lines().next().unwrap_or_default().to_owned()
    }

    /// Sends one checkout to the gateway and returns the whole answer.
    pub(crate) fn answer(&self, basket: &str, headers: &str) -> String {
        let mut gateway = TcpStream::connect(self.service("gateway").address).unwrap();
        let length = basket.len();
        write!(
            gateway,
            "POST /checkout HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{headers}\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{basket}"
        )
        .unwrap();
        let mut answer = String::new();
        gateway.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.parent.kill();
        let _ = self.parent.wait();
    }
}

impl Service {
    /// `inventory    ready on http://127.0.0.1:4318 (process 7)`
    fn read(stderr: &mut impl BufRead) -> Self {
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, "ready", "on", url, "(process", process] = words[..] else {
            panic!("not a service: {line}");
        };
        Self {
            name: name.to_owned(),
            address: url.trim_start_matches("http://").parse().unwrap(),
            process: process.trim_end_matches(')').parse().unwrap(),
        }
    }

    pub(crate) fn kill(&self) {
        send("KILL", self.process);
    }
}

/// The binary, without the variables for telemetry that the tests may run with.
pub(crate) fn checkout(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkout"));
    command
        .args(arguments)
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .env_remove("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    command
}

fn hear(stream: &mut impl BufRead, words: &str) -> String {
    let mut lines = stream.lines().map(Result::unwrap);
    lines
        .find(|line| line.contains(words))
        .unwrap_or_else(|| panic!("nobody said {words}"))
}

pub(crate) fn send(signal: &str, process: u32) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

fn is_running(process: u32) -> bool {
    let exists = Command::new("kill")
        .args(["-0", &process.to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success();
    // An orphan that has ended stays a zombie if the first process does not reap it.
    let state = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    exists && !state.is_ok_and(|state| state.contains(") Z "))
}
