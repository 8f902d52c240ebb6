//! What a gRPC receiver may do to a batch, and what happens to its spans.

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

use otel_otlp_exporter::ExportThread;
use otel_otlp_exporter::ExporterBuilder;
use otel_otlp_exporter::Protocol;
use support::Subject;
use support::grpc::Answer;
use support::grpc::Receiver;
use support::nobody;
use support::spans;
use support::wire;
use tonic::Code;
use tonic::Status;
use tonic_types::ErrorDetails;
use tonic_types::StatusExt;

fn subject(
    receiver: &Receiver,
    configure: impl FnOnce(ExporterBuilder) -> ExporterBuilder,
) -> Subject {
    Subject::new(Protocol::Grpc, &receiver.endpoint(), configure)
}

#[test]
fn spans_arrive_with_headers_and_user_agent() {
    for is_compressed in [false, true] {
        let receiver = Receiver::start([]);
        let headers = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("x-tenant"),
            "acme".parse().unwrap(),
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
        assert_eq!(headers["x-tenant"], "acme");
        let agent = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
        assert_eq!(headers["user-agent"], agent);
        assert_eq!(headers.contains_key("grpc-encoding"), is_compressed);
        assert_eq!(
            subject.told.all(),
            ["started 512", "delivered 512, rejected 0 "]
        );
    }
}

#[test]
fn retryable_statuses_are_tried_until_the_batch_is_accepted() {
    for code in [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unavailable,
        Code::DataLoss,
    ] {
        let answers = (0..3).map(|_| Status::new(code, "later").into());
        let receiver = Receiver::start(answers);
        let subject = subject(&receiver, |builder| builder);
        subject.export(spans(5, 10)).unwrap();
        assert_eq!(receiver.accepted.spans(), 5);
    }
}

#[test]
fn other_statuses_are_final() {
    for (status, expected) in [
        (
            Status::unauthenticated("no token"),
            "UNAUTHENTICATED: no token",
        ),
        (
            Status::permission_denied("not yours"),
            "PERMISSION_DENIED: not yours",
        ),
        (
            Status::invalid_argument("bad span"),
            "INVALID_ARGUMENT: bad span",
        ),
        (
            Status::unimplemented("unknown service"),
            "UNIMPLEMENTED: unknown service",
        ),
        (
            Status::resource_exhausted("quota"),
            "RESOURCE_EXHAUSTED: quota",
        ),
    ] {
        let receiver = Receiver::start([status.into()]);
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
fn exhausted_receiver_is_given_the_time_it_asks_for() {
    let wait = Duration::from_millis(300);
    let details = ErrorDetails::with_retry_info(Some(wait));
    let status = Status::with_error_details(Code::ResourceExhausted, "quota", details);
    let receiver = Receiver::start([status.into()]);
    let subject = subject(&receiver, |builder| builder);
    let start = Instant::now();
    subject.export(spans(5, 10)).unwrap();
    assert!(start.elapsed() >= wait);
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
    assert_eq!(
        subject.told.all(),
        [
            "started 5",
            "again: no answer within 200ms",
            "delivered 5, rejected 0 "
        ]
    );
}

#[test]
fn patience_ends_and_says_that_the_spans_may_have_arrived() {
    let receiver = Receiver::start((0..1_000).map(|_| Answer::Hang));
    let subject = subject(&receiver, |builder| {
        builder
            .attempt_timeout(Duration::from_millis(50))
            .patience(Duration::from_millis(200))
    });
    let error = subject.export(spans(5, 10)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Operation failed: no answer within 50ms (up to 5 lost)"
    );
    assert_eq!(subject.told.all().last().unwrap(), "lost up to 5");
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
    let again = Receiver::at(address, [], accepted.clone());
    exporting.join().unwrap().unwrap();
    assert_eq!(accepted.spans(), 7);
    drop(again);
}

#[test]
fn batch_of_ten_mebibytes_arrives_in_pieces() {
    // Split by size before it is sent, or in halves after it was refused.
    for (largest, requests) in [(4 * 1024 * 1024, 3), (usize::MAX, 4)] {
        // tonic refuses messages of more than 4 MiB unless told otherwise.
        let receiver = Receiver::start([]);
        let subject = subject(&receiver, |builder| builder.largest_request(largest));
        subject.export(spans(640, 16 * 1024)).unwrap();
        assert_eq!(receiver.accepted.spans(), 640);
        assert_eq!(receiver.accepted.requests(), requests);
        let told = subject.told.all();
        let is_size = |told: &&String| told.contains("too large");
        let is_refused = largest == usize::MAX;
        assert_eq!(
            told.iter().any(|told| is_size(&told)),
            is_refused,
            "{told:?}"
        );
        assert!(
            !told.iter().any(|told| told.starts_with("lost")),
            "{told:?}"
        );
    }
}

#[test]
fn span_that_is_too_large_alone_is_lost_alone() {
    let receiver = Receiver::start([]);
    let subject = subject(&receiver, |builder| builder);
    let mut batch = spans(8, 10);
    batch[5] = spans(6, 5 * 1024 * 1024).pop().unwrap();
    let error = subject.export(batch).unwrap_err().to_string();
    assert!(error.ends_with("(1 lost)"), "{error}");
    assert_eq!(receiver.accepted.spans(), 7);
}

#[test]
fn nobody_is_waited_for_at_the_end() {
    let thread = ExportThread::start().unwrap();
    let endpoint = format!("http://{}", nobody());
    let subject = Subject::new(Protocol::Grpc, &endpoint, |builder| builder.thread(&thread));
    thread.close_within(Duration::from_secs(60));
    let start = Instant::now();
    for _ in 0..4 {
        let error = subject.export(spans(5, 10)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Operation failed: connection refused (5 lost)"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn hanging_receiver_is_given_up_at_the_end() {
    let receiver = Receiver::start([Answer::Hang]);
    let thread = ExportThread::start().unwrap();
    let subject = subject(&receiver, |builder| builder.thread(&thread));
    thread.close_within(Duration::from_millis(200));
    let text = "not done when the time to shut down was up";
    for loss in ["up to 5", "5"] {
        let error = subject.export(spans(5, 10)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("Operation failed: {text} ({loss} lost)")
        );
    }
}

#[test]
fn streams_that_are_reset_are_tried_again() {
    for (reason, expected) in [
        (
            h2::Reason::REFUSED_STREAM,
            "the receiver reset the stream: refused stream before processing any application logic",
        ),
        (
            h2::Reason::CANCEL,
            "the receiver reset the stream: stream no longer needed",
        ),
        (
            h2::Reason::INTERNAL_ERROR,
            "the receiver reset the stream: unexpected internal error encountered",
        ),
        (
            h2::Reason::ENHANCE_YOUR_CALM,
            "the receiver reset the stream: detected excessive load generating behavior",
        ),
    ] {
        let (address, server) = wire::listen(vec![wire::http2(wire::Trick::Reset(reason))]);
        let told = recovered(address, server);
        assert_eq!(told[1], format!("again: {expected}"));
    }
}

#[test]
fn connection_that_the_receiver_ends_is_replaced() {
    for connection in [
        wire::http2(wire::Trick::GoAway),
        wire::close(),
        wire::close_in_the_middle(),
    ] {
        let (address, server) = wire::listen(vec![connection]);
        let told = recovered(address, server);
        // Whether the socket says closed or reset depends on what it had still to send.
        let told = told[1].strip_prefix("again: ");
        assert!(
            matches!(told, Some("the connection was closed" | "connection reset")),
            "{told:?}"
        );
    }
}

/// What an exporter reports if a peer plays its trick and a receiver follows it.
fn recovered(address: std::net::SocketAddr, server: thread::JoinHandle<()>) -> Vec<String> {
    let endpoint = format!("http://{address}");
    let subject = Subject::new(Protocol::Grpc, &endpoint, |builder| builder);
    let told = subject.told.clone();
    let exporting = thread::spawn(move || subject.export(spans(5, 10)));
    server.join().unwrap();
    let receiver = Receiver::at(address, [], support::Accepted::default());
    exporting.join().unwrap().unwrap();
    assert_eq!(receiver.accepted.spans(), 5);
    told.all()
}

#[test]
fn peer_that_speaks_http_is_recognised() {
    // As servers in Go and in C++ do. hyper closes the connection without a word.
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n\r\n",
    ] {
        let endpoint = format!("http://{}", wire::listen(vec![wire::answer(answer)]).0);
        let subject = Subject::new(Protocol::Grpc, &endpoint, |builder| builder);
        let error = subject.export(spans(5, 10)).unwrap_err().to_string();
        assert_eq!(
            error,
            "Operation failed: the endpoint does not speak gRPC (HTTP/2) (5 lost)"
        );
    }
}
