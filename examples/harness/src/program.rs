//! A process and the destination of its spans.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use otel_waterfall::{Kind, Receiver, Span};
use tokio::runtime::Runtime;

/// A running program. It is killed if it still runs when this is dropped.
#[derive(Debug)]
pub struct Program {
    process: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
    receiver: Receiver,
    /// The runtime of the receiver.
    _runtime: Runtime,
}

impl Program {
    /// Starts the program with these variables, and with an endpoint for its exports.
    pub fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_with(program, &[], variables)
    }

    /// Starts the program with these arguments as well.
    pub fn start_with(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut receiver = Receiver::new();
        let listening = receiver.listen_http(([127, 0, 0, 1], 0).into());
        let address = runtime.block_on(listening).unwrap();
        let mut command = Command::new(program);
        // The tests' own telemetry variables are not meant for the example.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        let mut process = command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("PORT", "0")
            .envs(variables.iter().copied())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdout: BufReader::new(process.stdout.take().unwrap()),
            process,
            said: String::new(),
            receiver,
            _runtime: runtime,
        }
    }

    /// Waits for a line with these words.
    pub fn hear(&mut self, words: &str) -> &str {
        loop {
            let before = self.said.len();
            let read = self.stdout.read_line(&mut self.said).unwrap();
            assert_ne!(read, 0, "never said {words}: {}", self.said);
            if self.said[before..].contains(words) {
                return self.said[before..].trim_end();
            }
        }
    }

    /// The address at which it listens, once it prints it as the last word of a line.
    pub fn address(&mut self) -> SocketAddr {
        let line = self.hear("listening ");
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Asks it to end, as Kubernetes does.
    pub fn terminate(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it no longer accepts connections: it then knows that it has to end.
    pub fn wait_until_refused(&self, address: SocketAddr) {
        let deadline = Instant::now() + LONGEST_WAIT;
        while TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < deadline, "it still accepts connections");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until it has ended successfully.
    pub fn end(mut self) -> Ended {
        drop(self.process.stdin.take());
        self.stdout.read_to_string(&mut self.said).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said);
        // The exports have been acknowledged, so they have arrived.
        let spans = self.receiver.drain().spans;
        let output = self.said.clone();
        Ended { output, spans }
    }

    /// Writes a line to its standard input, which stays open until [`end`](Self::end).
    pub fn say(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }

    /// The spans that have arrived since the last call.
    pub fn arrived(&mut self) -> Vec<Span> {
        self.receiver.drain().spans
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The output and the spans of a program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its standard output.
    pub output: String,
    /// All spans that it exported.
    pub spans: Vec<Span>,
}

impl Ended {
    /// The only span with this name and kind.
    pub fn span(&self, kind: Kind, name: &str) -> &Span {
        match self.spans(kind, name)[..] {
            [span] => span,
            _ => panic!("not one {kind:?} {name}: {:#?}", self.names()),
        }
    }

    /// All spans with this name and kind, in the order of their start.
    pub fn spans(&self, kind: Kind, name: &str) -> Vec<&Span> {
        let spans = self.spans.iter();
        let mut found: Vec<_> = spans
            .filter(|span| span.kind == kind && &*span.name == name)
            .collect();
        found.sort_by_key(|span| span.start_unix_nano);
        found
    }

    /// Kind and name of every span, sorted.
    pub fn names(&self) -> Vec<String> {
        let spans = self.spans.iter();
        let mut names: Vec<_> = spans
            .map(|span| format!("{:?} {}", span.kind, span.name))
            .collect();
        names.sort();
        names
    }
}

const LONGEST_WAIT: Duration = Duration::from_secs(20);
