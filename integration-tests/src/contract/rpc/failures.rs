//! Calls that do not end by themselves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tonic::{Code, Request};

use super::{Expected, RpcApp, Running};
use crate::contract::rpc::calls::{SHAPES, call};
use crate::observed::{only_point, spans_of, spans_so_far, until};
use crate::wire::in_time;

/// GR-05: the server's error is `panic`. The client sees a broken stream.
pub async fn a_panic_is_an_error(app: &impl RpcApp) {
    for method in SHAPES {
        let mut running = Running::start(app).await;

        let called = call(&mut running.greeter, method, &["panic"], None).await;

        let status = called.expect_err("a broken stream");
        let (client, server) = running.spans().await;
        assert_panicked(&server, method);
        // The caller sees the same error as without the layer.
        assert_eq!(client.status, error(status.message()));
        assert_eq!(code_of(&client), name(status.code()));
    }
}

/// The same in the middle of a stream.
pub async fn a_panic_in_a_stream_is_an_error(app: &impl RpcApp) {
    for method in &SHAPES[2..] {
        let mut running = Running::start(app).await;

        let called = call(&mut running.greeter, method, &["a", "panic"], None).await;

        called.expect_err("a broken stream");
        let (_, server) = running.spans().await;
        assert_panicked(&server, method);
    }
}

fn assert_panicked(server: &SpanData, method: &str) {
    assert_eq!(attribute(server, "error.type"), "panic");
    assert_eq!(code_of(server), "UNKNOWN");
    assert_eq!(server.status, error(""));
    assert_eq!(server.name, method);
}

/// GR-12: dropped before the head: cancelled on both sides, and an error only for the client.
pub async fn a_client_that_goes_before_the_head_cancels(app: &impl RpcApp) {
    let running = Running::start(app).await;
    let mut greeter = running.greeter.clone();
    let calling = Box::pin(greeter.say_hello("hang".to_owned()));
    let entered = Box::pin(running.controller.entered());

    let Either::Right(((), calling)) = in_time("the handler", select(calling, entered)).await
    else {
        panic!("an answer");
    };
    drop(calling);

    running
        .expect(&Expected {
            client_peer: false,
            ..cancelled(SHAPES[0])
        })
        .await;
}

/// Dropped in the middle of a stream: the same.
pub async fn a_client_that_goes_before_the_trailers_cancels(app: &impl RpcApp) {
    let mut running = Running::start(app).await;
    let mut answers = running
        .greeter
        .expand("a hang".to_owned())
        .await
        .expect("a stream")
        .into_inner();
    answers.message().await.expect("a message");
    in_time("the stream", running.controller.entered()).await;

    drop(answers);

    running.expect(&cancelled(SHAPES[2])).await;
}

/// GR-30: broken off within a message, by a reset or by the loss of the connection. tonic's server
/// makes an internal error of it, but no client waits for that.
pub async fn a_client_that_breaks_off_its_messages_cancels(app: &impl RpcApp) {
    for method in SHAPES {
        for is_lost in [false, true] {
            for _ in 0..10 {
                broken_off(app, method, is_lost).await;
            }
        }
    }
}

async fn broken_off(app: &impl RpcApp, method: &str, is_lost: bool) {
    const HALF: &[u8] = b"\0\0\0\0\x64h";
    const ONE_AND_A_HALF: &[u8] = b"\0\0\0\0\x05enter\0\0\0\0\x64h";
    let begun = Arc::new(Notify::new());
    let begins = begun.clone();
    let filter = move |_: &otel_instrumentation::Request<'_>| {
        begins.notify_one();
        true
    };
    let running = Running::configured(app, |server| server.filter(filter), |client| client).await;
    let takes_many = ["Collect", "Conversation"]
        .iter()
        .any(|it| method.ends_with(it));
    if takes_many {
        let entered = running.controller.entered();
        break_off(running.address(), method, ONE_AND_A_HALF, is_lost, entered).await;
    } else {
        break_off(running.address(), method, HALF, is_lost, begun.notified()).await;
    }

    let server = spans_of(&running.capture, SpanKind::Server, 1)
        .await
        .remove(0);
    assert_eq!(code_of(&server), "CANCELLED", "{method}, lost: {is_lost}");
    assert_eq!(server.status, opentelemetry::trace::Status::Unset);
    let labels = only_point(&running.capture, "rpc.server.call.duration").labels;
    assert_eq!(labels["rpc.status_code"], "CANCELLED".into());
    assert!(!labels.contains_key("error.type"));
}

/// Sends a part of a call, and breaks off when the server has reached a certain point.
async fn break_off(
    server: SocketAddr,
    method: &str,
    sent: &'static [u8],
    is_lost: bool,
    reached: impl Future<Output = ()>,
) {
    let stream = TcpStream::connect(server).await.expect("a connection");
    let (sender, connection) = h2::client::handshake(stream).await.expect("a handshake");
    let connection = tokio::spawn(connection);
    let request = http::Request::post(format!("http://{server}/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .expect("a request");
    let mut sender = sender.ready().await.expect("room for a stream");
    let (answer, mut messages) = sender.send_request(request, false).expect("a stream");
    messages
        .send_data(Bytes::from_static(sent), false)
        .expect("a part");
    in_time("the call", reached).await;
    if is_lost {
        connection.abort();
        let _ = connection.await;
    } else {
        messages.send_reset(h2::Reason::CANCEL);
        drop((answer, messages, sender));
        // The task ends when everything is sent.
        let _ = in_time("the connection", connection).await;
    }
}

/// GR-27: tonic calls it CANCELLED on both sides; the client's `error.type` says why. Both have a
/// timer. The client knows its peer if the server's answer was there before its own timer.
pub async fn a_deadline_ends_both_sides(app: &impl RpcApp) {
    let mut running = Running::start(app).await;
    let mut request = Request::new("hang".to_owned());
    request.set_timeout(Duration::from_millis(500));

    let called = in_time("the deadline", running.greeter.say_hello(request)).await;

    assert_eq!(called.expect_err("a deadline").code(), Code::Cancelled);
    let (client, _) = running.spans().await;
    let mut keys = client.attributes.iter().map(|it| it.key.as_str());
    let expected = Expected {
        client_error: Some("DEADLINE_EXCEEDED"),
        client_message: "Timeout expired",
        client_peer: keys.any(|key| key == "network.peer.address"),
        ..cancelled(SHAPES[0])
    };
    running.expect(&expected).await;
}

/// Wherever a call is dropped, each side that knew of it has one span and one measurement.
pub async fn races_leave_nothing_open(app: &impl RpcApp) {
    let running = Running::start(app).await;
    const CALLS: usize = 60;
    for round in 0..CALLS {
        let mut greeter = running.greeter.clone();
        let calling = async move {
            let mut answers = greeter.expand("a b c d".to_owned()).await?.into_inner();
            while answers.message().await?.is_some() {}
            Ok::<_, tonic::Status>(())
        };
        let patience = async {
            for _ in 0..20 * round {
                yield_now().await;
            }
        };
        let _ = select(Box::pin(calling), Box::pin(patience)).await;
    }
    // After this last call the server learns of no other.
    let mut greeter = running.greeter.clone();
    let last = greeter.say_hello("last".to_owned()).await;
    last.expect("an answer");

    // A call that was dropped while it waited for the channel did not begin.
    let clients = spans_so_far(&running.capture, &SpanKind::Client);
    let clients = spans_of(&running.capture, SpanKind::Client, clients.len()).await;
    let count = |metric| -> u64 {
        let points = running.capture.points(metric);
        points.iter().map(|point| point.count).sum()
    };
    assert_eq!(count("rpc.client.call.duration"), clients.len() as u64);
    let servers = until("as many spans as calls", || {
        let spans = spans_so_far(&running.capture, &SpanKind::Server);
        (spans.len() as u64 == count("rpc.server.call.duration")).then_some(spans)
    })
    .await;
    assert!(servers.len() <= clients.len());
    for server in &servers {
        let is_parent = |client: &&SpanData| client.span_context.span_id() == server.parent_span_id;
        assert_eq!(clients.iter().filter(is_parent).count(), 1);
    }
}

fn cancelled(method: &'static str) -> Expected {
    Expected::call(method, "CANCELLED", "")
}

fn error(message: &str) -> opentelemetry::trace::Status {
    opentelemetry::trace::Status::error(message.to_owned())
}

fn code_of(span: &SpanData) -> String {
    attribute(span, "rpc.status_code")
}

fn attribute(span: &SpanData, key: &str) -> String {
    let mut found = span.attributes.iter().filter(|it| it.key.as_str() == key);
    let value = found.next().expect(key).value.to_string();
    assert_eq!(found.next(), None, "{key} is there twice");
    value
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        other => panic!("an unexpected {other:?}"),
    }
}
