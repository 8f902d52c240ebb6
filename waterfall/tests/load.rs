//! A minute of 5,000 spans a second: `cargo test --release -p otel-waterfall --test load`.
//!
//! Linux only: memory and time are read from `/proc`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs
)]

mod common;

use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use tonic::codec::CompressionEncoding;
use tonic::transport::Endpoint;

use common::{Program, request, span, text};

const TRACES_PER_TICK: u128 = 50;
const SPANS_PER_TRACE: u64 = 10;
const TICK: Duration = Duration::from_millis(100);
const TICKS: u128 = 600;

/// One export: the traces of a tenth of a second, as large as those of real services.
fn export(tick: u128) -> ExportTraceServiceRequest {
    let mut spans = Vec::new();
    for trace in tick * TRACES_PER_TICK + 1..=(tick + 1) * TRACES_PER_TICK {
        for id in 1..=SPANS_PER_TRACE {
            let name = format!("GET /items/{{id}} step {id}");
            let mut span = span(trace, id, (id - 1).min(1), &name, [id, 20 + id]);
            span.attributes = vec![
                text("http.request.method", "GET"),
                text("http.route", "/items/{id}"),
                text("url.path", &format!("/items/{trace}")),
                text("url.scheme", "http"),
                text("server.address", "shop.example"),
                text("network.protocol.version", "1.1"),
                text(
                    "user_agent.original",
                    "load/1.0 (with a name of usual length)",
                ),
                text("client.address", "192.0.2.17"),
                number("server.port", 8080),
                number("http.response.status_code", 200),
            ];
            spans.push(span);
        }
    }
    request("shop", spans)
}

fn number(key: &str, number: i64) -> KeyValue {
    KeyValue {
        value: Some(AnyValue {
            value: Some(Value::IntValue(number)),
        }),
        ..text(key, "")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn minute_of_5000_spans_a_second() {
    let mut program = Program::start(&[]);
    // A terminal that is always fast enough.
    let mut printed = program.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = 0;
        let mut part = vec![0; 1 << 16];
        while let Ok(count @ 1..) = printed.read(&mut part) {
            bytes += count;
        }
        bytes
    });
    let channel = Endpoint::from_shared(program.grpc.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let client = TraceServiceClient::new(channel);
    let mut client = client.send_compressed(CompressionEncoding::Gzip);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    let start = Instant::now();
    let mut slowest_page = Duration::ZERO;
    let mut ticks = tokio::time::interval(TICK);
    for tick in 0..TICKS {
        ticks.tick().await;
        client.export(export(tick)).await.unwrap();
        if tick % 20 == 0 {
            let asked = Instant::now();
            let page = http.get(&program.page).send().await.unwrap();
            assert!(page.status().is_success());
            page.text().await.unwrap();
            slowest_page = slowest_page.max(asked.elapsed());
        }
    }
    let took = start.elapsed();
    let traces = TICKS * TRACES_PER_TICK;
    let spans = traces * u128::from(SPANS_PER_TRACE);
    let all = format!("{traces} traces with {spans} spans");
    let deadline = Instant::now() + Duration::from_secs(10);
    let list = loop {
        let list = http.get(&program.page).send().await.unwrap();
        let list = list.text().await.unwrap();
        if list.contains(&all) || Instant::now() > deadline {
            break list;
        }
    };
    let peak = peak_kib(program.id());
    let cpu = cpu_seconds(program.id());
    let services = Instant::now();
    let graph = http.get(format!("{}/services", program.page)).send();
    assert!(graph.await.unwrap().status().is_success());
    println!(
        "{spans} spans in {:.1} s, peak {} MiB, CPU {cpu:.1} s ({:.0} % of a core), slowest list \
         {slowest_page:?}, services {:?}",
        took.as_secs_f64(),
        peak / 1024,
        cpu / took.as_secs_f64() * 100.0,
        services.elapsed(),
    );
    let counts = list.split("class=\"counts\"").nth(1).unwrap();
    assert!(list.contains(&all), "{:.120}", counts);
    assert!(!list.contains("made room"), "{counts:.120}");
    assert!(peak < 256 * 1024, "{peak} KiB");
    assert!(cpu < took.as_secs_f64() / 2.0, "{cpu} s");
    assert!(slowest_page < Duration::from_secs(1), "{slowest_page:?}");
    drop(program);
    println!("{} bytes printed", reader.join().unwrap());
}

/// As fast as they are accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn million_traces_are_bounded_and_counted() {
    let mut program = Program::start(&["--errors"]);
    drop(program.stdout.take());
    let channel = Endpoint::from_shared(program.grpc.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut client = TraceServiceClient::new(channel);
    let start = Instant::now();
    for part in 0..1_000_u128 {
        let traces = part * 1_000 + 1..=(part + 1) * 1_000;
        let spans = traces.map(|trace| span(trace, 1, 0, "GET /", [0, 1]));
        let export = request("shop", spans.collect());
        client.export(export).await.unwrap();
    }
    let took = start.elapsed();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let list = loop {
        let list = http.get(&program.page).send().await.unwrap();
        let list = list.text().await.unwrap();
        if list.contains("1000000 traces") || Instant::now() > deadline {
            break list;
        }
    };
    let peak = peak_kib(program.id());
    let counts = list.split("class=\"counts\"").nth(1).unwrap();
    println!("a million traces in {took:?}, peak {} MiB", peak / 1024);
    assert!(
        counts.contains("1000000 traces with 1000000 spans"),
        "{counts:.120}"
    );
    assert!(counts.contains("made room for newer ones"), "{counts:.120}");
    assert!(peak < 256 * 1024, "{peak} KiB");
}

/// The peak of its memory.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    let peak = peak.unwrap().split_whitespace().nth(1);
    peak.unwrap().parse().unwrap()
}

/// User and system time so far.
fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1;
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse().unwrap())
        .collect();
    // Linux counts hundredths of a second for programs, whatever the machine.
    ticks.iter().sum::<f64>() / 100.0
}
