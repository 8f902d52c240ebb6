//! A collector that is not there, hangs, or goes away: the service does not notice, the log says
//! it once, memory and the shutdown stay within their bounds.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::{
    fs,
    io::{self, BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    process::Stdio,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use opentelemetry::{KeyValue, global, trace::Tracer};
use otel_middleware_axum::OtelLayer;
use support::{Behaviour, Collector, Finished, child, run};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Exports all the time, so that there is much to fail.
const EAGER: [(&str, &str); 3] = [
    ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ("OTEL_BLRP_SCHEDULE_DELAY", "10"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "10"),
];
const BOUND: Duration = Duration::from_secs(5);

#[test]
fn unreachable_collector_is_reported_once() {
    for protocol in ["grpc", "http/protobuf"] {
        let nobody = nobody();
        let finished = serve_with(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ]);
        assert_unaffected(&finished);
        let [warning] = finished.warnings()[..] else {
            panic!("{finished:#?}");
        };
        assert!(
            warning.contains(&format!("cannot be exported to {nobody}: ")),
            "{warning}"
        );
        let error = finished.value("shutdown");
        for signal in ["traces", "metrics", "logs"] {
            assert!(error.contains(&format!("{signal} could not be")), "{error}");
        }
    }
}

#[test]
fn hanging_collector_delays_nothing() {
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Behaviour::Hang);
        let endpoint = match protocol {
            "grpc" => &collector.grpc,
            _ => &collector.http,
        };
        let finished = serve_with(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ]);
        assert_unaffected(&finished);
        assert_eq!(finished.warnings().len(), 1, "{finished:#?}");
        assert_ne!(finished.value("shutdown"), "done");
    }
}

#[test]
fn export_is_given_up_after_its_timeout() {
    let collector = Collector::start(Behaviour::Hang);
    let finished = serve_with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "50"),
    ]);
    assert_unaffected(&finished);
    assert_eq!(finished.warnings().len(), 1, "{finished:#?}");
    assert!(finished.number("shutdown_ms") < 2_000, "{finished:#?}");
}

#[test]
fn collector_that_goes_away_is_reported_once() {
    let collector = Collector::start(Behaviour::Accept);
    let mut variables = EAGER.to_vec();
    let endpoint = collector.grpc.clone();
    variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint));
    let mut service = child("service_in_two_halves", &variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(service.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("half-way") {
        assert_ne!(stdout.read_line(&mut said).unwrap(), 0, "{said}");
    }
    assert_eq!(collector.received().span("first half").name, "first half");
    drop(collector);
    drop(service.stdin.take());

    stdout.read_to_string(&mut said).unwrap();
    let output = service.wait_with_output().unwrap();
    let mut finished = Finished::from(output);
    finished.stdout = said;
    assert_unaffected(&finished);
    assert_eq!(finished.warnings().len(), 1, "{finished:#?}");
}

#[test]
fn signals_that_a_backend_does_not_take_are_named_once_each() {
    let backend = Collector::start(Behaviour::TracesOnly);
    let finished = serve_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &backend.grpc)]);
    assert_unaffected(&finished);
    assert!(backend.received().spans().count() > 0);
    assert_eq!(finished.value("shutdown"), "done");
    let warnings = finished.warnings();
    let mut unwelcome: Vec<_> = warnings
        .iter()
        .filter_map(|line| line.split("otel_autoconfigure: ").nth(1)?.split(' ').next())
        .collect();
    unwelcome.sort_unstable();
    // Whether the second is told depends on whether traces got through in between.
    assert!(
        [&["logs"][..], &["metrics"], &["logs", "metrics"]].contains(&&unwelcome[..]),
        "{finished:#?}"
    );
}

#[test]
fn what_the_collector_rejects_is_reported_once() {
    let collector = Collector::start(Behaviour::Reject);
    let finished = serve_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc)]);
    assert_unaffected(&finished);
    let [warning] = finished.warnings()[..] else {
        panic!("{finished:#?}");
    };
    let expected = format!(
        "{} did not take all traces: rejected_spans=1, error_message=\"too old\"; \
         this is said once",
        collector.grpc
    );
    assert!(warning.ends_with(&expected), "{warning}");
    assert_eq!(finished.value("shutdown"), "done");
}

#[test]
fn memory_is_bounded() {
    let nobody = nobody();
    let collector = Collector::start(Behaviour::Hang);
    for endpoint in [&nobody, &collector.grpc] {
        let finished = run("flood", &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
        // All of it would be 100 MB of spans and as much of logs. Queues hold 2048 of each.
        if let Ok(grown) = finished.value("grown_kb").parse::<u64>() {
            assert!(grown < 40_000, "{finished:#?}");
        }
        assert!(finished.number("shutdown_ms") < BOUND.as_millis() as u64 + 500);
        let warnings = finished.warnings();
        let is_ours = |line: &&&str| line.contains("otel_autoconfigure");
        assert_eq!(warnings.iter().filter(is_ours).count(), 1, "{warnings:#?}");
        // One for each of the full queues at its beginning and at its end.
        assert!(warnings.len() <= 5, "{warnings:#?}");
    }
}

#[test]
fn shutdown_keeps_to_its_bound_where_the_process_ends_with_main() {
    let collector = Collector::start(Behaviour::Hang);
    for main in [
        "short_current_thread",
        "short_actix",
        "short_without_a_runtime",
    ] {
        let finished = run(main, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc)]);
        let took = finished.number("shutdown_ms");
        assert!((100..1_000).contains(&took), "{main}: {took}");
    }
}

/// The address of a port that was just free, and that nobody listens on any more.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve_with(variables: &[(&str, &str)]) -> Finished {
    let mut all = EAGER.to_vec();
    all.extend(variables);
    run("service", &all)
}

fn assert_unaffected(finished: &Finished) {
    assert!(finished.is_success, "{finished:#?}");
    assert_eq!(finished.number("answered"), 500);
    // A request that waited for an export would take much longer, on a busy machine too.
    assert!(finished.number("slowest_ms") < 1_000, "{finished:#?}");
    let took = finished.number("shutdown_ms");
    assert!(took < BOUND.as_millis() as u64 + 500, "{finished:#?}");
}

#[test]
#[ignore = "a child process"]
fn service() {
    #[tokio::main]
    async fn main() {
        let telemetry = otel_autoconfigure::init().unwrap();
        requests(500).await;
        end(telemetry);
    }
    main();
}

#[test]
#[ignore = "a child process"]
fn service_in_two_halves() {
    #[tokio::main]
    async fn main() {
        let telemetry = otel_autoconfigure::init().unwrap();
        global::tracer("test").in_span("first half", |_| {});
        telemetry.flush().unwrap();
        println!("half-way");
        io::stdin().read_to_string(&mut String::new()).unwrap();
        requests(500).await;
        end(telemetry);
    }
    main();
}

/// Sends requests through a server with telemetry, one after the other.
async fn requests(count: u32) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                tracing::info!("asked");
                "answer"
            }),
        )
        .layer(OtelLayer::new())
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, app).await });

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (mut answered, mut slowest) = (0, Duration::ZERO);
    for _ in 0..count {
        let start = Instant::now();
        let answer = client.get(&url).send().await.unwrap();
        answered += u32::from(answer.text().await.unwrap() == "answer");
        slowest = slowest.max(start.elapsed());
    }
    println!("answered: {answered}");
    println!("slowest_ms: {}", slowest.as_millis());
}

fn end(telemetry: otel_autoconfigure::Telemetry) {
    let start = Instant::now();
    let outcome = telemetry.shutdown();
    println!("shutdown_ms: {}", start.elapsed().as_millis());
    match outcome {
        Ok(()) => println!("shutdown: done"),
        Err(error) => println!("shutdown: {error}"),
    }
}

#[test]
#[ignore = "a child process"]
fn flood() {
    // The application's own subscriber: a line for each of the events would take long.
    let telemetry = otel_autoconfigure::builder()
        .without_subscriber()
        .init()
        .unwrap();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(io::stderr);
    tracing_subscriber::registry()
        .with(telemetry.layer())
        .with(lines.with_filter(LevelFilter::WARN))
        .init();
    let tracer = global::tracer("test");
    let kilobyte = "x".repeat(1_024);
    let batch = |count: u32| {
        for _ in 0..count {
            let attribute = KeyValue::new("data", kilobyte.clone());
            let span = tracer.span_builder("span").with_attributes([attribute]);
            drop(span.start(&tracer));
            tracing::info!(kilobyte);
        }
    };
    batch(5_000);
    let before = resident_kb();
    batch(100_000);
    let grown = resident_kb()
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before));
    println!(
        "grown_kb: {}",
        grown.map_or("?".to_owned(), |grown| grown.to_string())
    );
    end(telemetry);
}

fn resident_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
#[ignore = "a child process"]
fn short_current_thread() {
    #[tokio::main(flavor = "current_thread")]
    async fn main() {
        short();
    }
    main();
}

#[test]
#[ignore = "a child process"]
fn short_actix() {
    #[actix_web::main]
    async fn main() {
        short();
    }
    main();
}

#[test]
#[ignore = "a child process"]
fn short_without_a_runtime() {
    short();
}

fn short() {
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::from_millis(300))
        .init()
        .unwrap();
    global::tracer("test").in_span("span", |_| {});
    let start = Instant::now();
    drop(telemetry);
    println!("shutdown_ms: {}", start.elapsed().as_millis());
}
