//! The programs, run as their first lines say.
#![allow(clippy::unwrap_used)]

use std::net::TcpStream;

use example_harness::{OpenRequest, Program, assert_every_span_is_exported_at_the_end};
use otel_waterfall::Kind;
use tungstenite::Message;

#[test]
fn every_span_is_exported_when_the_process_is_asked_to_end() {
    assert_every_span_is_exported_at_the_end(env!("CARGO_BIN_EXE_example-axum"));
}

#[test]
fn messages_of_a_socket_belong_to_the_trace_of_its_request() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_websocket"), &[]);
    let address = program.address();
    let stream = TcpStream::connect(address).unwrap();
    let url = format!("ws://{address}/chat");
    let (mut socket, _) = tungstenite::client(url, stream).unwrap();
    for word in ["one", "two", "three"] {
        socket.send(Message::text(word)).unwrap();
        let answer = socket.read().unwrap();
        assert_eq!(answer.to_text().unwrap(), format!("you said {word}"));
    }
    // The socket is still open.
    program.terminate();
    let ended = program.end();
    let request = ended.span(Kind::Server, "GET /chat");
    assert_eq!(request.http_status(), Some(101));
    let messages = ended.spans(Kind::Internal, "message");
    assert_eq!((messages.len(), ended.spans.len()), (3, 4));
    for message in messages {
        assert_eq!(message.parent_span_id, Some(request.span_id));
    }
}

#[test]
fn each_invocation_is_exported_before_it_answers() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_oneshot"), &[]);
    for id in ["7", "8"] {
        program.say(&format!("/users/{id}"));
        program.hear(&format!("user {id}"));
        let spans = program.arrived();
        let paths: Vec<_> = spans
            .iter()
            .map(|span| (&*span.name, span.attributes.text("url.path").unwrap()))
            .collect();
        let path = format!("/users/{id}");
        assert_eq!(paths, [("GET /users/{id}", path.as_str())]);
    }
    assert_eq!(program.end().names(), [""; 0]);
}

#[test]
fn quieter_logs_do_not_tear_the_traces_of_an_own_subscriber() {
    let variables = [("RUST_LOG", "warn")];
    let mut program = Program::start(env!("CARGO_BIN_EXE_own_subscriber"), &variables);
    let answer = OpenRequest::get(program.address(), "/users/7").rest();
    assert!(answer.ends_with("user 7"), "{answer}");
    program.terminate();
    let ended = program.end();
    assert_eq!(ended.names(), ["Internal user", "Server GET /users/{id}"]);
    let request = ended.span(Kind::Server, "GET /users/{id}");
    let inner = ended.span(Kind::Internal, "user");
    assert_eq!(inner.parent_span_id, Some(request.span_id));
}
