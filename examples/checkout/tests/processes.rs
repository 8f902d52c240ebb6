//! However the parent or a child ends: a clear message, the right exit code, no process left
//! behind.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

mod shop;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use shop::{Shop, checkout};
use tokio::net::TcpSocket;

#[test]
fn killed_child_is_named_and_the_others_are_stopped() {
    let mut shop = Shop::open();
    shop.service("inventory").kill();
    let (status, said) = shop.end();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("inventory ended (signal: 9"), "{said}");
    assert_eq!(shop.left_behind(), [""; 0]);
}

#[test]
fn interrupt_stops_everything() {
    let mut shop = Shop::open();
    shop.signal("INT");
    let (status, said) = shop.end();
    assert_eq!(status.code(), Some(130));
    assert_eq!(
        said,
        "\ninterrupted, stopping the services (again to kill them)\n"
    );
    assert_eq!(shop.left_behind(), [""; 0]);
}

#[test]
fn termination_stops_everything_as_an_interrupt_does() {
    let mut shop = Shop::open();
    shop.signal("TERM");
    let (status, said) = shop.end();
    assert_eq!(status.code(), Some(143));
    assert_eq!(
        said,
        "\ninterrupted, stopping the services (again to kill them)\n"
    );
    assert_eq!(shop.left_behind(), [""; 0]);
}

#[test]
fn service_with_a_host_runs_without_a_parent_until_it_is_terminated() {
    // As in a container: standard input is empty.
    let mut service = checkout(&["service", "--host=127.0.0.1", "payment"])
        .env("OTEL_SDK_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(service.stdout.take().unwrap()).lines();
    let listening = told.next().unwrap().unwrap();
    let address = listening.strip_prefix("listening ").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let body = r#"{"card":"42","value_cents":1}"#;
    let length = body.len();
    let request = format!(
        "POST /payments HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");

    shop::send("TERM", service.id());
    assert_eq!(told.next().unwrap().unwrap(), "stopped");
    assert_eq!(service.wait().unwrap().code(), Some(0));
}

#[test]
fn printed_curl_shows_the_header_that_names_the_trace() {
    let mut shop = Shop::open();
    assert!(shop.read("curl").contains("curl -i http://127.0.0.1:"));
    shop.read("x-trace-id");
    // A refused request has a trace, too.
    let answer = shop.answer("{}", "");
    let trace = shop.read("trace ");
    let id = trace.trim_start_matches("trace ");
    assert!(
        answer.contains(&format!("x-trace-id: {id}\r\n")),
        "{answer}"
    );
}

#[test]
fn serving_says_at_once_that_the_collector_is_not_there() {
    // Its port stays bound, so that nothing else can get it, but nothing listens.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    let mut shop = Shop::open_with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ]);
    let destination = shop.read("spans go to");
    assert!(destination.contains(&endpoint), "{destination}");

    let basket = r#"{"user":"ada","card":"42","lines":[{"sku":"article-1","quantity":1}]}"#;
    let answer = shop.answer(basket, "");
    let trace = shop.read("trace ");
    let words: Vec<_> = trace.split_whitespace().collect();
    let ["trace", id, "this", "request", "→", "201"] = words[..] else {
        panic!("{trace}");
    };
    assert!(
        answer.contains(&format!("x-trace-id: {id}\r\n")),
        "{answer}"
    );

    // The services run, nobody has asked them to stop.
    let outage = shop.hear("cannot be exported");
    assert!(outage.contains(&endpoint), "{outage}");
    shop.signal("INT");
    assert_eq!(shop.end().0.code(), Some(130));
}

#[test]
fn page_shows_the_story_until_it_is_stopped() {
    let mut parent = checkout(&["--web"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(parent.stderr.take().unwrap()).lines();
    let page = said
        .by_ref()
        .map(Result::unwrap)
        .find_map(|line| Some(line.strip_prefix("the traces are on http://")?.to_owned()));
    let page = page.unwrap();
    let address = page.split(',').next().unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut list = String::new();
    connection.read_to_string(&mut list).unwrap();
    assert_eq!(list.matches(">POST /checkout</a>").count(), 3, "{list}");

    shop::send("INT", parent.id());
    let mut report = String::new();
    let mut stdout = parent.stdout.take().unwrap();
    stdout.read_to_string(&mut report).unwrap();
    assert_eq!(report.matches("In the ").count(), 3, "{report}");
    assert_eq!(parent.wait().unwrap().code(), Some(130));
}

#[test]
fn children_end_when_their_parent_is_killed() {
    let mut shop = Shop::open();
    shop.signal("KILL");
    shop.end();
    shop.wait_until_nothing_is_left_behind();
}

#[test]
fn children_end_although_a_request_hangs() {
    let mut shop = Shop::open();
    let mut gateway = TcpStream::connect(shop.service("gateway").address).unwrap();
    gateway
        .write_all(
            b"POST /checkout HTTP/1.1\r\nhost: shop\r\n\
              content-type: application/json\r\ncontent-length: 9\r\n\r\n",
        )
        .unwrap();
    shop.signal("KILL");
    shop.end();
    shop.wait_until_nothing_is_left_behind();
}

#[test]
fn busy_port_is_named() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let output = checkout(&["--port", &port.to_string()]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&format!("port {port} cannot be used")),
        "{said}"
    );
    assert!(said.contains("--port"), "{said}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn served_requests_are_reported_as_they_come() {
    let mut shop = Shop::open();
    let basket = r#"{"user":"ada","card":"42","lines":[{"sku":"article-1","quantity":1}]}"#;
    let sold_out = r#"{"user":"ada","card":"42","lines":[{"sku":"no such","quantity":1}]}"#;
    let requests = [
        (basket, "", "HTTP/1.1 201 Created"),
        // A caller with its own trace, whose span is exported elsewhere.
        (
            basket,
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
            "HTTP/1.1 201 Created",
        ),
        ("{}", "", "HTTP/1.1 422 Unprocessable Entity"),
        (sold_out, "", "HTTP/1.1 409 Conflict"),
    ];
    for (basket, headers, status) in requests {
        assert_eq!(shop.buy(basket, headers), status);
        let verdict = shop
            .stdout
            .by_ref()
            .lines()
            .map(Result::unwrap)
            .find(|line| line.starts_with("In this request, "));
        assert!(verdict.is_some());
    }
    shop.signal("INT");
    assert_eq!(shop.end().0.code(), Some(130));
}
