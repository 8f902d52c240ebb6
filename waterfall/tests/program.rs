//! The real program: what it prints, saves and says.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::Value;

use common::{Program, command, log, request, span, text};

async fn send(program: &Program, signal: &str, body: &impl Message) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!("{}/v1/{signal}", program.http))
        .header("content-type", "application/x-protobuf")
        .body(body.encode_to_vec())
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
}

fn checkout(trace: u128) -> ExportTraceServiceRequest {
    let mut call = span(trace, 2, 1, "SELECT stock", [10, 90]);
    call.kind = 3;
    call.attributes = vec![text("db.system.name", "sqlite")];
    request(
        "orders",
        vec![span(trace, 1, 0, "POST /orders", [0, 100]), call],
    )
}

fn scratch(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

#[tokio::test]
async fn trace_is_drawn_with_its_log_and_verdict() {
    let mut program = Program::start(&[]);
    send(&program, "logs", &log(1, 1, "order placed")).await;
    send(&program, "traces", &checkout(1)).await;
    let printed = program.read_until("In this request, ");
    for part in [
        "POST /orders in 100 ms",
        "trace 00000000000000000000000000000001",
        "SELECT stock",
        "· order placed",
        "In this request, 80 % of 100 ms went to `SELECT stock` in orders.",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let (_, _, success) = program.stop("-TERM");
    assert!(success);
}

#[tokio::test]
async fn what_comes_late_is_drawn_with_the_rest() {
    let mut program = Program::start(&[]);
    send(&program, "traces", &checkout(1)).await;
    program.read_until("In this request, ");
    let late = span(1, 3, 1, "late", [20, 30]);
    send(&program, "traces", &request("payment", vec![late])).await;
    let printed = program.read_until("In this request, ");
    assert!(printed.contains("POST /orders"), "{printed}");
    assert!(printed.contains("late"), "{printed}");
}

#[tokio::test]
async fn incomplete_trace_is_shown_at_the_end() {
    let program = Program::start(&["--json"]);
    let orphan = span(1, 3, 77, "orphan", [20, 30]);
    send(&program, "traces", &request("payment", vec![orphan])).await;
    let (printed, _, success) = program.stop("-INT");
    assert!(success);
    let line: Value = serde_json::from_str(printed.trim()).unwrap();
    assert_eq!(line["name"], "orphan");
}

#[tokio::test]
async fn once_ends_after_as_many_and_the_filter_counts() {
    let mut program = Program::start(&["--json", "--once", "2", "--route", "*/cart"]);
    for (trace, name) in [(1, "GET /cart"), (2, "GET /home"), (3, "PUT /cart")] {
        let request = request("shop", vec![span(trace, 1, 0, name, [0, 1])]);
        send(&program, "traces", &request).await;
    }
    let (printed, _, success) = program.end();
    assert!(success);
    let names: Vec<String> = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].to_string())
        .collect();
    assert_eq!(names, ["\"GET /cart\"", "\"PUT /cart\""]);
}

#[tokio::test]
async fn what_was_saved_can_be_opened() {
    let path = scratch("saved.jsonl");
    let file = path.to_str().unwrap();
    let mut program = Program::start(&["--save", file, "--json", "--once", "1"]);
    send(&program, "logs", &log(1, 1, "order placed")).await;
    send(&program, "traces", &checkout(1)).await;
    let (live, _, success) = program.end();
    assert!(success);

    let opened = command(&["--open", file, "--json"]).output().unwrap();
    assert!(opened.status.success());
    assert_eq!(String::from_utf8(opened.stdout).unwrap(), live);
    let drawn = command(&["--open", file]).output().unwrap();
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert!(drawn.contains("· order placed"), "{drawn}");
}

#[test]
fn line_that_cannot_be_read_is_skipped_and_named() {
    let path = scratch("broken.jsonl");
    let good = serde_json::to_string(&checkout(1)).unwrap();
    fs::write(&path, format!("{good}\n{{\"resourceSp\n\n")).unwrap();
    let opened = command(&["--open", path.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(opened.status.success());
    let said = String::from_utf8(opened.stderr).unwrap();
    assert!(said.starts_with("line 2 is skipped: "), "{said}");
    assert!(
        String::from_utf8(opened.stdout)
            .unwrap()
            .contains("POST /orders")
    );
}

#[test]
fn busy_port_is_named_with_the_option() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    for option in ["--grpc", "--http", "--page"] {
        let mut arguments = vec!["--grpc", free, "--http", free, "--page", free];
        let place = arguments.iter().position(|known| *known == option).unwrap();
        arguments[place + 1] = &address;
        let output = command(&arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(&address) && said.contains(option), "{said}");
    }
}

#[test]
fn file_that_is_not_there_is_named() {
    let output = command(&["--open", "no/such/file"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("no/such/file cannot be opened"), "{said}");
}
