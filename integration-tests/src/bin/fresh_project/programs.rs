//! The programs of the READMEs, and their expected spans.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use crate::page::{block, read};
use crate::workspace::Workspace;

/// One program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) test: Option<String>,
    page: String,
    /// The address on the page, and the address to use here.
    address: Option<(&'static str, String)>,
    role: Role,
    /// The names of its spans.
    spans: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
enum Role {
    /// A server: it is called until it has exported its spans, or is told to end.
    Server { ends: bool },
    /// Asks, and ends.
    Client,
    /// A program that needs neither a client nor a server.
    Alone,
}

/// All of them.
pub(crate) struct Programs {
    programs: Vec<Program>,
    /// The Kafka cluster that one of the programs uses.
    _cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Programs {
    pub(crate) fn of_the_pages() -> Self {
        let cluster = MockCluster::new(1).expect("a cluster in memory");
        cluster.create_topic("order.placed", 1, 1).expect("a topic");
        let server = Role::Server { ends: false };
        let here = |address| Some((address, free_address()));
        let http = || here("127.0.0.1:3000");
        let grpc = here("127.0.0.1:50051");
        let brokers = Some(("kafka:9092", cluster.bootstrap_servers()));
        let program = |name, page: &str, address, role, spans| Program {
            name,
            test: None,
            page: read(page),
            address,
            role,
            spans,
        };
        let of = |name, middleware, address, role, spans| {
            let page = format!("middleware-{middleware}/README.md");
            program(name, &page, address, role, spans)
        };
        let ends = Role::Server { ends: true };
        let mut programs = vec![
            program("readme", "README.md", http(), server, ROUTE),
            program(
                "autoconfigured",
                "autoconfigure/README.md",
                http(),
                ends,
                USER,
            ),
            of("axum-service", "axum", http(), server, ROUTE),
            of("actix-service", "actix", http(), server, ROUTE),
            of("reqwest-client", "reqwest", http(), Role::Client, &["GET"]),
            of("tonic-service", "tonic", grpc, Role::Alone, CALLS),
            of("kafka-service", "kafka", brokers, Role::Alone, MESSAGES),
            of("sqlx-service", "sqlx", None, Role::Alone, SQLX),
            of("diesel-service", "diesel", None, Role::Alone, DIESEL),
        ];
        for program in &mut programs {
            let is_kit = program.page.contains("## Test it\n");
            program.test = is_kit.then(|| block(&program.page, "rust", "testing::Capture"));
        }
        Self {
            programs,
            _cluster: cluster,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Program> {
        self.programs.iter()
    }

    pub(crate) fn run(&self, workspace: &Workspace) {
        for program in self.iter() {
            program.run(workspace);
            println!("{} shows {:?}", program.name, program.spans);
        }
    }
}

impl Program {
    /// The dependencies of the page, literally.
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

    /// The code of the page, literally except for the address. It is the program that loses
    /// nothing.
    pub(crate) fn code(&self) -> String {
        let mut code = block(&self.page, "rust", "fn main()");
        if let Some((address, free)) = &self.address {
            assert!(code.contains(address), "{} has no {address}", self.name);
            code = code.replace(address, free);
        }
        assert!(code.contains(SDK), "{} has no `{SDK}`", self.name);
        code
    }

    fn run(&self, workspace: &Workspace) {
        let address = self.address.as_ref().map_or("", |(_, free)| free);
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

/// A running program, which is killed on drop.
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
                // A scope also has a quoted name, but is indented further.
                let name = line.strip_prefix("\tName         : ");
                // If the receiver is gone, it has seen enough.
                let _ = name.map(|name| sender.send(name.to_owned()));
            }
        });
        Self { child, spans }
    }

    /// Ends it with SIGTERM, as Kubernetes does.
    fn end(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.expect("kill").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request as soon as the server listens, and reads the answer.
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

/// A free address.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// How the SDK is set up and exports everything at the end.
const SDK: &str = "otel_autoconfigure::init()?.run(";
/// How long a program may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const ROUTE: &[&str] = &["GET /users/{id}"];
const USER: &[&str] = &["user", "GET /users/{id}"];
/// The spans of client and server.
const CALLS: &[&str] = &["grpc.health.v1.Health/Check", "grpc.health.v1.Health/Check"];
const MESSAGES: &[&str] = &["send order.placed", "process order.placed"];
const SQLX: &[&str] = &[
    "CREATE TABLE stock",
    "INSERT stock",
    "SELECT stock",
    "BEGIN",
    "UPDATE stock",
    "COMMIT",
];
const DIESEL: &[&str] = &["CREATE TABLE stock", "UPDATE stock"];
