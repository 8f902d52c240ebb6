//! How a process ends: asked to, at once by mistake, or while the receiver is away.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::convert::Infallible;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::routing::get;
use opentelemetry::global;
use opentelemetry::trace::Tracer;
use otel_autoconfigure::shutdown_deadline;
use otel_autoconfigure::shutdown_signal;
use otel_middleware_axum::OtelLayer;
use support::Behaviour;
use support::Collector;
use support::Roles;
use support::child;
use support::nobody;
use support::play;
use support::run;
use tokio::net::TcpListener;

const ROLES: Roles = &[
    ("until_told", until_told),
    ("serving", serving),
    ("dropped_at_once", dropped_at_once),
    ("kept", kept),
    ("flush", flush),
    ("one_span", one_span),
];

#[cfg(unix)]
#[test]
fn spans_are_exported_when_the_process_is_asked_to_end() {
    play(ROLES);
    for signal in ["TERM", "INT"] {
        let collector = Collector::start(Behaviour::Accept);
        let mut process = child(
            "until_told",
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http)],
        )
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening") {
            assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "{said}");
        }
        let id = process.id().to_string();
        let killed = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(killed.unwrap().success());
        stdout.read_to_string(&mut said).unwrap();
        assert!(process.wait().unwrap().success());
        assert!(said.contains("told"), "{said}");
        assert_eq!(collector.received().span("last").name, "last");
    }
}

/// As the README has it: the guard outlives the runtime, and the runtime the requests.
#[cfg(unix)]
#[test]
fn requests_that_are_open_at_the_end_are_exported() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let mut process = child(
        "serving",
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http)],
    )
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut stdout = BufReader::new(process.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("listening on ") {
        assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let address = said.trim().rsplit(' ').next().unwrap();
    let open: Vec<_> = ["/stream", "/stream", "/hang", "/hang"]
        .map(|path| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            stream
        })
        .into();
    // Each handler says that it has begun.
    while said.matches("begun").count() < open.len() {
        assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let id = process.id().to_string();
    let killed = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(killed.unwrap().success());
    assert!(process.wait().unwrap().success());
    let received = collector.received();
    let count = |name: &str| {
        received
            .spans()
            .filter(|(_, span)| span.name == name)
            .count()
    };
    assert_eq!((count("GET /stream"), count("GET /hang")), (2, 2));
}

#[test]
fn guard_that_is_not_kept_is_noticed() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
    let finished = run("dropped_at_once", &variables);
    let count = finished.stderr.matches("let _ = init()?").count();
    assert_eq!(count, 1, "{finished:#?}");
    let finished = run("kept", &variables);
    assert!(
        !finished.stderr.contains("let _ = init()?"),
        "{finished:#?}"
    );
}

#[test]
fn flush_says_why_nothing_arrives() {
    play(ROLES);
    let nobody = nobody();
    for protocol in ["grpc", "http/protobuf"] {
        let finished = run(
            "flush",
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_LOGS_EXPORTER", "none"),
            ],
        );
        assert_eq!(
            finished.value("flush"),
            format!("traces: not exported yet, as there is no way to {nobody}: connection refused")
        );
    }
}

#[test]
fn end_is_short_where_there_is_nobody() {
    play(ROLES);
    let nobody = nobody();
    for protocol in ["grpc", "http/protobuf"] {
        let finished = run(
            "one_span",
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ],
        );
        assert!(finished.number("shutdown_ms") < 1_500, "{finished:#?}");
        let expected = "connection refused (exactly 1 span lost)";
        assert!(
            finished.value("shutdown").contains(expected),
            "{finished:#?}"
        );
    }
}

#[test]
fn wrong_endpoint_is_an_error_with_the_whole_url() {
    play(ROLES);
    let collector = Collector::start(Behaviour::NoService);
    let endpoint = format!("{}/wrong", collector.http);
    let finished = run("one_span", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let error = finished.value("shutdown");
    let expected = format!(
        "traces: could not be exported to {endpoint}/v1/traces: 404 Not Found; is \
         OTEL_EXPORTER_OTLP_ENDPOINT right, and OTEL_EXPORTER_OTLP_PROTOCOL? (exactly 1 span lost)"
    );
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn other_protocol_is_told_with_the_variable_that_says_it() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let finished = run(
        "one_span",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ],
    );
    let error = finished.value("shutdown");
    assert!(error.contains("OTEL_EXPORTER_OTLP_PROTOCOL"), "{error}");
}

#[test]
fn summary_says_what_is_sent_where_and_is_not_exported() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let finished = run(
        "one_span",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &collector.grpc),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_TRACES_SAMPLER", "always_on"),
        ],
    );
    assert_eq!(finished.value("shutdown"), "done");
    let summary = format!(
        "INFO otel_autoconfigure: exporting traces to {}/v1/traces (http/protobuf), logs to {} \
         (grpc); traces sampled by AlwaysOn",
        collector.http, collector.grpc
    );
    assert!(finished.stderr.contains(&summary), "{finished:#?}");
    assert_eq!(collector.received().bodies(), [""; 0]);
}

#[tokio::main]
async fn until_told() {
    let _telemetry = otel_autoconfigure::init().unwrap();
    global::tracer("test").in_span("last", |_| {});
    // Polled one after the other: the first has its handlers before the second prints.
    tokio::join!(shutdown_signal(), async { println!("listening") });
    println!("told");
}

fn serving() {
    let _telemetry = otel_autoconfigure::init().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = Router::new()
            .route("/stream", get(stream))
            .route("/hang", get(hang))
            .layer(OtelLayer::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on {}", listener.local_addr().unwrap());
        let server = axum::serve(listener, app).with_graceful_shutdown(shutdown_signal());
        tokio::select! {
            served = server.into_future() => served.unwrap(),
            () = shutdown_deadline(Duration::from_millis(100)) => {}
        }
    });
}

/// The head, and then nothing more.
async fn stream() -> Body {
    println!("begun");
    Body::from_stream(tokio_stream::pending::<Result<Bytes, Infallible>>())
}

async fn hang() {
    println!("begun");
    std::future::pending::<()>().await;
}

fn dropped_at_once() {
    let _ = otel_autoconfigure::init().unwrap();
}

fn kept() {
    let telemetry = otel_autoconfigure::init().unwrap();
    telemetry.flush().unwrap();
    // As long as a service that starts and stops.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    drop(telemetry);
}

fn flush() {
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::from_secs(1))
        .init()
        .unwrap();
    global::tracer("test").in_span("span", |_| {});
    println!("flush: {}", telemetry.flush().unwrap_err());
}

fn one_span() {
    let telemetry = otel_autoconfigure::init().unwrap();
    global::tracer("test").in_span("span", |_| {});
    let start = Instant::now();
    let outcome = telemetry.shutdown();
    println!("shutdown_ms: {}", start.elapsed().as_millis());
    match outcome {
        Ok(()) => println!("shutdown: done"),
        Err(error) => println!("shutdown: {error}"),
    }
}
