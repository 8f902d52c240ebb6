//! The programs of the READMEs, and what they are to show.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::page::{block, read};
use crate::workspace::Workspace;

/// One program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) test: Option<String>,
    page: String,
    /// Where the page says it listens or calls, and where it does here.
    address: (&'static str, String),
    role: Role,
    /// The names of its spans.
    spans: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
enum Role {
    /// Is asked, until it has shown its spans, or is told to end.
    Server { ends: bool },
    /// Asks, and ends.
    Client,
    /// Does both, and ends.
    Both,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Programs(Vec<Program>);

impl Programs {
    pub(crate) fn of_the_pages() -> Self {
        let server = Role::Server { ends: false };
        let http = "127.0.0.1:3000";
        let route: &[_] = &["GET /users/{id}"];
        let program = |name, page, port, role, spans| Program {
            name,
            test: None,
            page: read(page),
            address: (port, free_address()),
            role,
            spans,
        };
        let mut programs = vec![
            program("readme", "README.md", http, server, route),
            program(
                "axum-service",
                "middleware-axum/README.md",
                http,
                server,
                route,
            ),
            program(
                "actix-service",
                "middleware-actix/README.md",
                http,
                server,
                route,
            ),
            program(
                "reqwest-client",
                "middleware-reqwest/README.md",
                http,
                Role::Client,
                &["GET"],
            ),
            program(
                "tonic-service",
                "middleware-tonic/README.md",
                "127.0.0.1:50051",
                Role::Both,
                CALLS,
            ),
            program(
                "autoconfigured",
                "autoconfigure/README.md",
                http,
                Role::Server { ends: true },
                &["user", "GET /users/{id}"],
            ),
        ];
        for program in &mut programs {
            let is_kit = program.page.contains("## Test it\n");
            program.test = is_kit.then(|| block(&program.page, "rust", "testing::Capture"));
        }
        Self(programs)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Program> {
        self.0.iter()
    }

    pub(crate) fn run(&self, workspace: &Workspace) {
        for program in self.iter() {
            program.run(workspace);
            println!("{} shows {:?}", program.name, program.spans);
        }
    }
}

impl Program {
    /// The dependencies of the page, to the letter.
    pub(crate) fn manifest(&self) -> String {
        let mut manifest = format!(
            "[package]\nname = {:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{}",
            self.name,
            block(&self.page, "toml", "[dependencies]")
        );
        if self.test.is_some() {
            manifest += &block(&self.page, "toml", "[dev-dependencies]");
        }
        manifest
    }

    /// The code of the page, to the letter but for the address, and with the line for the SDK that
    /// the page says comes first in `main`.
    pub(crate) fn code(&self) -> String {
        let (address, free) = &self.address;
        let code = block(&self.page, "rust", "fn main()").replace(address, free);
        assert!(code.contains(free), "{} does not name {address}", self.name);
        if code.contains(SDK) {
            return code;
        }
        assert!(
            self.page.contains(SDK),
            "{} does not say `{SDK}`",
            self.name
        );
        let (before, after) = code.split_once("fn main()").expect("a program");
        let (head, body) = after.split_once("{\n").expect("a body");
        format!("{before}fn main(){head}{{\n    {SDK}\n{body}")
    }

    fn run(&self, workspace: &Workspace) {
        let address = &self.address.1;
        let mut wanted = self.spans.to_vec();
        if let Role::Client = self.role {
            answer(address);
        }
        let running = Running::start(&mut workspace.start(self.name));
        if let Role::Server { ends } = self.role {
            ask(address);
            if ends {
                running.end();
            }
        }
        let patience = Instant::now() + PATIENCE;
        while !wanted.is_empty() {
            let left = patience.saturating_duration_since(Instant::now());
            let Ok(name) = running.spans.recv_timeout(left) else {
                panic!("{} did not show {wanted:?}", self.name);
            };
            if let Some(found) = wanted.iter().position(|span| *span == name) {
                wanted.remove(found);
            }
        }
    }
}

/// A program that runs, until the drop.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// The names of its spans.
    pub(crate) spans: Receiver<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("a program");
        let output = child.stdout.take().expect("its output");
        let (sender, spans) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Of the scope there is a name in quotes, further in.
                let name = line.strip_prefix("\tName         : ");
                // Who does not listen any more has seen enough.
                let _ = name.map(|name| sender.send(name.to_owned()));
            }
        });
        Self { child, spans }
    }

    /// As Kubernetes ends it.
    fn end(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.expect("kill").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request as soon as somebody listens, and reads the answer.
fn ask(address: &str) {
    let patience = Instant::now() + PATIENCE;
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) if Instant::now() > patience => panic!("{address}: {error}"),
            Err(_) => thread::yield_now(),
        }
    };
    let request = format!("GET /users/42 HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a connection");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Answers one request, on a thread of its own.
fn answer(address: &str) {
    let listener = TcpListener::bind(address).expect("a free address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 4096]).expect("a request");
        let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).expect("a client that reads");
    });
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// The line that sets up the SDK.
const SDK: &str = "let _telemetry = otel_autoconfigure::init()?;";
/// How long a program may take, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);
/// The client's span and the server's.
const CALLS: &[&str] = &["grpc.health.v1.Health/Check", "grpc.health.v1.Health/Check"];
