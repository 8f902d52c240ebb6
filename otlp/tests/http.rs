//! What an HTTP receiver may do to a batch, and what happens to its spans.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;

use std::thread;
use std::time::Duration;
use std::time::Instant;

use otel_otlp_exporter::ExporterBuilder;
use otel_otlp_exporter::Protocol;
use support::Accepted;
use support::Subject;
use support::http::Answer;
use support::http::Receiver;
use support::spans;
use support::wire;

fn subject(
    receiver: &Receiver,
    configure: impl FnOnce(ExporterBuilder) -> ExporterBuilder,
) -> Subject {
    Subject::new(Protocol::HttpProtobuf, &receiver.endpoint(), configure)
}

#[test]
fn spans_arrive_with_headers_and_user_agent() {
    for is_compressed in [false, true] {
        let receiver = Receiver::start([]);
        let headers = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("authorization"),
            "Bearer x".parse().unwrap(),
        )]);
        let subject = subject(&receiver, |builder| match is_compressed {
            true => builder.headers(headers).gzip(),
            false => builder.headers(headers),
        });
        subject.export(spans(512, 10)).unwrap();
        assert_eq!(receiver.accepted.spans(), 512);
        let inbox = receiver.accepted.inbox();
        let [headers] = &inbox.requests[..] else {
            panic!("{inbox:?}");
        };
        assert_eq!(headers["authorization"], "Bearer x");
        assert_eq!(headers["content-type"], "application/x-protobuf");
        let agent = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
        assert_eq!(headers["user-agent"], agent);
        assert_eq!(headers.contains_key("content-encoding"), is_compressed);
    }
}

#[test]
fn retryable_answers_are_tried_until_the_batch_is_accepted() {
    for status in [429, 502, 503, 504] {
        let receiver = Receiver::start(vec![Answer::status(status); 3]);
        let subject = subject(&receiver, |builder| builder);
        subject.export(spans(5, 10)).unwrap();
        assert_eq!(receiver.accepted.spans(), 5);
    }
}

#[test]
fn other_answers_are_final() {
    for (status, expected) in [
        (400, "400 Bad Request: said"),
        (401, "401 Unauthorized: said"),
        (404, "404 Not Found: said"),
        (500, "500 Internal Server Error: said"),
    ] {
        let receiver = Receiver::start([Answer::Status {
            status,
            headers: Vec::new(),
            body: "said".to_owned(),
        }]);
        let subject = subject(&receiver, |builder| builder);
        let error = subject.export(spans(5, 10)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("Operation failed: {expected} (5 lost)")
        );
        assert_eq!(receiver.accepted.spans(), 0);
        let never = format!("never: {expected}");
        assert_eq!(subject.told.all(), ["started 5", &never, "lost 5"]);
    }
}

#[test]
fn redirection_is_not_followed() {
    let receiver = Receiver::start([Answer::Status {
        status: 307,
        headers: vec![("location", "https://elsewhere/".to_owned())],
        body: String::new(),
    }]);
    let subject = subject(&receiver, |builder| builder);
    let error = subject.export(spans(5, 10)).unwrap_err().to_string();
    assert!(
        error.contains("redirected to https://elsewhere/"),
        "{error}"
    );
}

#[test]
fn throttling_receiver_is_given_the_time_it_asks_for() {
    let receiver = Receiver::start([Answer::Status {
        status: 429,
        headers: vec![("retry-after", "1".to_owned())],
        body: String::new(),
    }]);
    let subject = subject(&receiver, |builder| builder);
    let start = Instant::now();
    subject.export(spans(5, 10)).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(receiver.accepted.spans(), 5);
}

#[test]
fn partial_success_is_told_and_not_tried_again() {
    let receiver = Receiver::start([Answer::Partial {
        rejected: 2,
        message: "too old".to_owned(),
    }]);
    let subject = subject(&receiver, |builder| builder);
    subject.export(spans(5, 10)).unwrap();
    assert_eq!(receiver.accepted.requests(), 1);
    assert_eq!(
        subject.told.all(),
        ["started 5", "delivered 5, rejected 2 too old"]
    );
}

#[test]
fn hanging_receiver_costs_an_attempt_and_not_the_batch() {
    let receiver = Receiver::start([Answer::Hang, Answer::Hang]);
    let subject = subject(&receiver, |builder| {
        builder.attempt_timeout(Duration::from_millis(200))
    });
    subject.export(spans(5, 10)).unwrap();
    assert_eq!(receiver.accepted.spans(), 5);
}

#[test]
fn receiver_that_comes_back_gets_everything() {
    let first = Receiver::start([]);
    let (address, accepted) = (first.address, first.accepted.clone());
    let subject = subject(&first, |builder| builder);
    subject.export(spans(3, 10)).unwrap();
    drop(first);
    let told = subject.told.clone();
    let exporting = thread::spawn(move || subject.export(spans(7, 10)));
    told.wait_for("again: connection refused");
    let again = Receiver::at(address, [], accepted.clone(), usize::MAX);
    exporting.join().unwrap().unwrap();
    assert_eq!(accepted.spans(), 7);
    drop(again);
}

#[test]
fn batch_of_ten_mebibytes_arrives_in_pieces() {
    const MEBIBYTE: usize = 1024 * 1024;
    for (largest, limit, requests) in [
        (4 * MEBIBYTE, usize::MAX, 3),
        (usize::MAX, 6 * MEBIBYTE, 2),
        (usize::MAX, usize::MAX, 1),
    ] {
        let any = "127.0.0.1:0".parse().unwrap();
        let receiver = Receiver::at(any, [], Accepted::default(), limit);
        let subject = subject(&receiver, |builder| builder.largest_request(largest));
        subject.export(spans(640, 16 * 1024)).unwrap();
        assert_eq!(receiver.accepted.spans(), 640);
        assert_eq!(receiver.accepted.requests(), requests);
    }
}

#[test]
fn connection_that_the_receiver_ends_is_replaced() {
    for connection in [wire::close(), wire::close_in_the_middle()] {
        let (address, server) = wire::listen(vec![connection]);
        let endpoint = format!("http://{address}/v1/traces");
        let subject = Subject::new(Protocol::HttpProtobuf, &endpoint, |builder| builder);
        let told = subject.told.clone();
        let exporting = thread::spawn(move || subject.export(spans(5, 10)));
        server.join().unwrap();
        let receiver = Receiver::at(address, [], Accepted::default(), usize::MAX);
        exporting.join().unwrap().unwrap();
        assert_eq!(receiver.accepted.spans(), 5);
        let told = told.all();
        assert!(told[1].starts_with("again: "), "{told:?}");
    }
}

#[test]
fn peer_that_speaks_something_else_is_recognised() {
    // The first bytes of an HTTP/2 server, and of a TLS server that gets plain text.
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const ALERT: &[u8] = &[21, 3, 1, 0, 2, 2, 70];
    for connection in [
        wire::answer(SETTINGS),
        wire::answer(ALERT),
        wire::speak_first(SETTINGS),
    ] {
        let (address, _) = wire::listen(vec![connection]);
        let endpoint = format!("http://{address}/v1/traces");
        let subject = Subject::new(Protocol::HttpProtobuf, &endpoint, |builder| builder);
        let error = subject.export(spans(5, 10)).unwrap_err().to_string();
        assert_eq!(
            error,
            "Operation failed: the endpoint does not speak HTTP/1.1 (5 lost)"
        );
    }
}
