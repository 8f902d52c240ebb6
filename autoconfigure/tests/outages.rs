//! A collector that is not there, hangs, or goes away: the service does not notice, and the log
//! says it once.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::{
    collections::BTreeSet,
    io::{self, Read},
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use opentelemetry::{global, trace::Tracer};
use otel_middleware_axum::OtelLayer;
use support::{Behaviour, Collector, Finished, Roles, Started, nobody, play, run};

const ROLES: Roles = &[
    ("service", service),
    ("service_in_two_halves", service_in_two_halves),
    ("steady", steady),
];

/// Exports all the time, so that many exports fail.
const EAGER: [(&str, &str); 3] = [
    ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ("OTEL_BLRP_SCHEDULE_DELAY", "10"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "10"),
];
const BOUND: Duration = Duration::from_secs(5);

#[test]
fn unreachable_collector_is_reported_once() {
    play(ROLES);
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
            warning.contains(&format!(
                "cannot be exported to {nobody} at the moment: connection refused"
            )),
            "{warning}"
        );
        let error = finished.value("shutdown");
        for signal in ["traces", "metrics", "logs"] {
            assert!(
                error.contains(&format!("{signal}: could not be")),
                "{error}"
            );
        }
    }
}

#[test]
fn hanging_collector_delays_nothing() {
    play(ROLES);
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Behaviour::Hang);
        let endpoint = match protocol {
            "grpc" => &collector.grpc,
            _ => &collector.http,
        };
        let finished = serve_with(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
        ]);
        assert_unaffected(&finished);
        // It has not failed when the shutdown begins, which returns the outcome.
        assert_eq!(finished.warnings(), [""; 0]);
        let error = finished.value("shutdown");
        assert!(
            error.contains("not done when the time to shut down"),
            "{error}"
        );
    }
}

#[test]
fn export_is_given_up_after_its_timeout() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Hang);
    let finished = serve_with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.http),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "50"),
    ]);
    assert_unaffected(&finished);
    let [warning] = finished.warnings()[..] else {
        panic!("{finished:#?}");
    };
    // It may wait for the rest of a line.
    let expected = "no answer within 50ms; is OTEL_EXPORTER_OTLP_ENDPOINT right, and \
                    OTEL_EXPORTER_OTLP_PROTOCOL?";
    assert!(warning.contains(expected), "{warning}");
    assert!(finished.number("shutdown_ms") < 2_000, "{finished:#?}");
}

#[test]
fn collector_that_goes_away_is_reported_once() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Accept);
    let mut variables = EAGER.to_vec();
    let endpoint = collector.http.clone();
    variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint));
    let mut service = Started::new("service_in_two_halves", &variables);
    service.hear("half-way");
    assert_eq!(collector.received().span("first half").name, "first half");
    drop(collector);
    let finished = service.end();
    assert_unaffected(&finished);
    assert_eq!(finished.warnings().len(), 1, "{finished:#?}");
}

#[test]
fn nothing_is_lost_while_the_collector_is_away() {
    play(ROLES);
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Behaviour::Accept);
        let endpoint = match protocol {
            "grpc" => collector.grpc.clone(),
            _ => collector.http.clone(),
        };
        let mut variables = EAGER.to_vec();
        variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint));
        variables.push(("OTEL_EXPORTER_OTLP_PROTOCOL", protocol));
        let mut service = Started::new("steady", &variables);
        service.say("next");
        service.hear("before");
        let restart = collector.stop();
        service.say("next");
        service.hear("during");
        let collector = restart();
        service.say("next");
        service.hear("after");

        let finished = service.end();
        let received = collector.received();
        let ids: BTreeSet<_> = received.spans().map(|(_, span)| &span.span_id).collect();
        assert_eq!(ids.len(), 1_500);
        let bodies: BTreeSet<_> = received.bodies().into_iter().collect();
        assert_eq!(
            bodies
                .iter()
                .filter(|body| body.starts_with("span "))
                .count(),
            1_500
        );
        let warnings = finished.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        let recovery = "traces: nothing lost, metrics: nothing lost, logs: nothing lost";
        let recoveries = finished.stderr.matches(recovery).count();
        assert_eq!(recoveries, 1, "{warnings:#?}");
    }
}

#[test]
fn signals_that_a_backend_does_not_take_are_named_once_each() {
    play(ROLES);
    let backend = Collector::start(Behaviour::TracesOnly);
    let finished = serve_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &backend.http)]);
    assert_unaffected(&finished);
    assert!(backend.received().spans().count() > 0);
    assert_eq!(finished.value("shutdown"), "done");
    let warnings = finished.warnings();
    let mut unwelcome: Vec<_> = warnings
        .iter()
        .filter_map(|line| line.split("otel_autoconfigure: ").nth(1)?.split(' ').next())
        .collect();
    unwelcome.sort_unstable();
    assert_eq!(unwelcome, ["logs", "metrics"], "{finished:#?}");
    for warning in warnings {
        assert!(warning.contains("404 Not Found"), "{warning}");
    }
}

#[test]
fn what_the_collector_rejects_is_reported_once() {
    play(ROLES);
    let collector = Collector::start(Behaviour::Reject);
    let finished = serve_with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.grpc),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ]);
    assert_unaffected(&finished);
    let [warning] = finished.warnings()[..] else {
        panic!("{finished:#?}");
    };
    let expected = format!(
        "{} did not take all traces: \"too old\", exactly 1 span lost; this is said once",
        collector.grpc
    );
    assert!(warning.ends_with(&expected), "{warning}");
    let error = finished.value("shutdown");
    assert!(error.starts_with("traces: "), "{error}");
    assert!(
        error.contains("rejected some: too old, exactly "),
        "{error}"
    );
}

fn serve_with(variables: &[(&str, &str)]) -> Finished {
    let mut all = EAGER.to_vec();
    all.extend(variables);
    run("service", &all)
}

fn assert_unaffected(finished: &Finished) {
    assert!(finished.is_success, "{finished:#?}");
    assert_eq!(finished.number("answered"), 500);
    // A request that waited for an export would take much longer, even on a busy machine.
    assert!(finished.number("slowest_ms") < 1_000, "{finished:#?}");
    let took = finished.number("shutdown_ms");
    assert!(took < BOUND.as_millis() as u64 + 500, "{finished:#?}");
}

#[tokio::main]
async fn service() {
    let telemetry = otel_autoconfigure::init().unwrap();
    requests(500).await;
    end(telemetry);
}

#[tokio::main]
async fn service_in_two_halves() {
    let telemetry = otel_autoconfigure::init().unwrap();
    global::tracer("test").in_span("first half", |_| {});
    telemetry.flush().unwrap();
    println!("half-way");
    io::stdin().read_to_string(&mut String::new()).unwrap();
    requests(500).await;
    end(telemetry);
}

/// Does a third of its work for each line of standard input.
fn steady() {
    let telemetry = otel_autoconfigure::builder()
        .shutdown_timeout(Duration::from_secs(1))
        .init()
        .unwrap();
    let mut lines = io::stdin().lines();
    let tracer = global::tracer("test");
    let mut work = |range: std::ops::Range<u32>| {
        lines.next().unwrap().unwrap();
        for number in range {
            tracer.in_span("steady", |_| tracing::info!("span {number}"));
        }
    };
    work(0..500);
    telemetry.flush().unwrap();
    println!("before");
    work(500..1_000);
    assert!(telemetry.flush().is_err());
    println!("during");
    work(1_000..1_500);
    while telemetry.flush().is_err() {}
    println!("after");
    telemetry.shutdown().unwrap();
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
