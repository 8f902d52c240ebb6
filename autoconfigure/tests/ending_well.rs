//! A process that is told to end while requests are open.

#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::convert::Infallible;
use std::io;
use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::routing::get;
use opentelemetry::global;
use opentelemetry::trace::Span;
use opentelemetry::trace::Tracer;
use otel_autoconfigure::shutdown_deadline;
use otel_autoconfigure::shutdown_signal;
use otel_middleware_axum::OtelLayer;
use support::Behaviour;
use support::Collector;
use support::Finished;
use support::Roles;
use support::Started;
use support::play;
use tokio::net::TcpListener;

const ROLES: Roles = &[
    ("until_told", until_told),
    ("serving", serving),
    ("serving_inside", serving_inside),
    ("ends_soon", ends_soon),
];

#[test]
fn spans_are_exported_when_the_process_is_asked_to_end() {
    play(ROLES);
    for signal in ["TERM", "INT"] {
        let collector = Collector::start(Behaviour::Accept);
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
        let mut process = Started::new("until_told", &variables);
        process.hear("listening");
        process.signal(signal);
        let finished = process.end();
        assert!(finished.stdout.contains("told"), "{finished:#?}");
        assert_eq!(collector.received().span("last").name, "last");
    }
}

/// As in the README: the guard outlives the runtime, and the runtime outlives the requests.
#[test]
fn requests_that_are_open_at_the_end_are_exported() {
    play(ROLES);
    let (received, finished) = ended_with_four_open_requests("serving");
    assert_eq!(received, [2, 2]);
    assert!(!finished.stderr.contains("still open"), "{finished:#?}");
}

#[test]
fn requests_that_are_lost_are_counted_and_told() {
    play(ROLES);
    let (received, finished) = ended_with_four_open_requests("serving_inside");
    assert_eq!(received, [0, 0]);
    let expected = "4 spans are still open when telemetry is shut down, and lost";
    let count = finished.stderr.matches(expected).count();
    assert_eq!(count, 1, "{finished:#?}");
}

/// How many spans of `/stream` and `/hang` arrive from a process that is told to end during two
/// requests for each, and its output.
fn ended_with_four_open_requests(role: &str) -> ([usize; 2], Finished) {
    let collector = Collector::start(Behaviour::Accept);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
    let mut process = Started::new(role, &variables);
    let address = process.hear("listening on ");
    let open = ["/stream", "/stream", "/hang", "/hang"].map(|path| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        stream
    });
    // Each handler reports that it has begun.
    for _ in &open {
        process.hear("begun");
    }
    process.signal("TERM");
    let finished = process.end();
    let received = collector.received();
    let counts = ["GET /stream", "GET /hang"].map(|name| {
        let spans = received.spans();
        spans.filter(|(_, span)| span.name == name).count()
    });
    (counts, finished)
}

/// As actix's workers do, which nothing waits for.
#[test]
fn span_that_ends_just_after_the_guard_is_dropped_is_exported() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.http.as_str())];
    let mut process = Started::new("ends_soon", &variables);
    process.hear("dropping");
    process.say("end the span");
    let finished = process.end();
    assert!(!finished.stderr.contains("still open"), "{finished:#?}");
    assert_eq!(
        collector.received().span("other thread").name,
        "other thread"
    );
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
    let telemetry = otel_autoconfigure::init().unwrap();
    telemetry.run(Duration::from_millis(100), serve()).unwrap();
}

async fn serve() -> io::Result<()> {
    let app = Router::new()
        .route("/stream", get(stream))
        .route("/hang", get(hang))
        .layer(OtelLayer::new());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown_signal())
        .await
}

/// The same with the guard inside of the runtime.
#[tokio::main]
async fn serving_inside() {
    let _telemetry = otel_autoconfigure::init().unwrap();
    tokio::select! {
        served = serve() => served.unwrap(),
        () = shutdown_deadline(Duration::from_millis(100)) => {}
    }
}

/// Sends the head, and then nothing more.
async fn stream() -> Body {
    println!("begun");
    Body::from_stream(tokio_stream::pending::<Result<Bytes, Infallible>>())
}

async fn hang() {
    println!("begun");
    std::future::pending::<()>().await;
}

fn ends_soon() {
    let telemetry = otel_autoconfigure::init().unwrap();
    let span = global::tracer("test").start("other thread");
    let thread = thread::spawn(move || {
        let mut span = span;
        io::stdin().read_line(&mut String::new()).unwrap();
        span.end();
    });
    println!("dropping");
    drop(telemetry);
    thread.join().unwrap();
}
