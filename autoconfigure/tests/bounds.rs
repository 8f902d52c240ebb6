//! Memory and shutdown stay within their bounds if nothing can be exported.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::{
    fs, io,
    time::{Duration, Instant},
};

use opentelemetry::{KeyValue, global, trace::Tracer};
use support::{Behaviour, Collector, Roles, nobody, play, run};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

const ROLES: Roles = &[
    ("burst", burst),
    ("flood", flood),
    ("short_current_thread", short_current_thread),
    ("short_actix", short_actix),
    ("short_without_a_runtime", short_without_a_runtime),
    ("unbounded", unbounded),
];

#[test]
fn memory_is_bounded() {
    play(ROLES);
    let nobody = nobody();
    let collector = Collector::start(Behaviour::Hang);
    for endpoint in [&nobody, &collector.http] {
        let finished = run("flood", &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
        // All of it would be 100 MB of spans and as much of logs. The queues hold 2048 of each.
        if let Ok(grown) = finished.value("grown_kb").parse::<u64>() {
            assert!(grown < 40_000, "{finished:#?}");
        }
        // The bound is five seconds by default.
        assert!(finished.number("shutdown_ms") < 5_500);
        // A warning says that the queue is full, and the final one counts what was lost exactly.
        let warnings = finished.warnings();
        let count = |text: &str| warnings.iter().filter(|line| line.contains(text)).count();
        let outages = usize::from(endpoint == &nobody);
        assert_eq!(
            count(" at the moment: connection refused"),
            outages,
            "{warnings:#?}"
        );
        assert_eq!(count(" is full with 2048 "), 2, "{warnings:#?}");
        assert_eq!(
            count(" were dropped because the queue was full"),
            2,
            "{warnings:#?}"
        );
        assert_eq!(warnings.len(), outages + 4, "{warnings:#?}");
        if endpoint == &nobody {
            let error = finished.value("shutdown");
            assert!(error.contains("(exactly 105000 spans lost)"), "{error}");
            assert!(error.contains("(exactly 105000 records lost)"), "{error}");
        }
    }
}

#[test]
fn burst_that_is_over_is_told_with_what_it_cost() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let finished = run(
        "burst",
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ],
    );
    let counted = |text: &str| -> u64 {
        let lines = finished.stderr.lines().filter(|line| line.contains(text));
        let [line] = lines.collect::<Vec<_>>()[..] else {
            panic!("{text}: {finished:#?}");
        };
        let (_, number) = line.split_once("exactly ").unwrap();
        number.split(' ').next().unwrap().parse().unwrap()
    };
    let dropped = counted(" were dropped because the queue was full");
    assert_eq!(dropped + collector.received().spans().count() as u64, 1_001);
    // It may have had room for a moment.
    let told = counted("the queue of traces has room again: ");
    assert!((1..=dropped).contains(&told), "{told} of {dropped}");
}

#[test]
fn shutdown_keeps_to_its_bound_where_the_process_ends_with_main() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Hang);
    for main in [
        "short_current_thread",
        "short_actix",
        "short_without_a_runtime",
    ] {
        let finished = run(main, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http)]);
        let took = finished.number("shutdown_ms");
        assert!((100..1_000).contains(&took), "{main}: {took}");
    }
}

#[test]
fn shutdown_without_a_bound_takes_as_long_as_it_takes() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    run(
        "unbounded",
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http)],
    );
    assert_eq!(collector.received().span("span").name, "span");
}

fn flood() {
    // The application's own subscriber, because a line for each event would take long.
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
    timed(|| println!("shutdown: {}", telemetry.shutdown().unwrap_err()));
}

fn burst() {
    let telemetry = otel_autoconfigure::init().unwrap();
    let tracer = global::tracer("test");
    (0..1_000).for_each(|_| drop(tracer.start("span")));
    telemetry.flush().unwrap();
    drop(tracer.start("span"));
    telemetry.flush().unwrap();
}

fn resident_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[tokio::main(flavor = "current_thread")]
async fn short_current_thread() {
    short();
}

#[actix_web::main]
async fn short_actix() {
    short();
}

fn short_without_a_runtime() {
    short();
}

fn short() {
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::from_millis(300))
        .init()
        .unwrap();
    global::tracer("test").in_span("span", |_| {});
    timed(|| drop(telemetry));
}

fn unbounded() {
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::MAX)
        .init()
        .unwrap();
    global::tracer("test").in_span("span", |_| {});
    drop(telemetry);
}

fn timed(shutdown: impl FnOnce()) {
    let start = Instant::now();
    shutdown();
    println!("shutdown_ms: {}", start.elapsed().as_millis());
}
