//! The program, run as its first lines say, with a server that knows a few commands.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use example_harness::{Ended, Program, attributes};
use otel_waterfall::{Kind, Status};

#[test]
fn every_command_and_every_pipeline_is_a_span() {
    let (ended, port) = run(Some(":2"));
    let said: Vec<_> = ended.output.lines().collect();
    let [left, both] = said[..] else {
        panic!("{said:?}");
    };
    assert_eq!(left, "Ok(2)");
    assert!(both.contains("wrong kind of value"), "{both}");
    assert_eq!(ended.names(), ["Client DECRBY 0", "Client PIPELINE 0"]);

    let decr = ended.span(Kind::Client, "DECRBY 0");
    assert_eq!(decr.status, Status::Unset);
    let expected = attributes_of(port, &[("db.operation.name", "DECRBY")]);
    assert_eq!(attributes(decr), expected);

    // Its second answer is an error.
    let pipeline = ended.span(Kind::Client, "PIPELINE 0");
    assert_eq!(pipeline.status, Status::Error);
    let mut expected = attributes_of(
        port,
        &[
            ("db.operation.name", "PIPELINE"),
            ("db.response.status_code", "WRONGTYPE"),
            ("error.type", "WRONGTYPE"),
        ],
    );
    expected.push("db.operation.batch.size: Integer(2)".to_owned());
    expected.sort();
    assert_eq!(attributes(pipeline), expected);
}

#[test]
fn an_error_of_the_server_has_its_code_and_not_its_message() {
    let (ended, port) = run(Some(
        "-WRONGTYPE Operation against a key holding the wrong kind of value",
    ));
    let decr = ended.span(Kind::Client, "DECRBY 0");
    assert_eq!(decr.status, Status::Error);
    assert_eq!(&*decr.status_message, "");
    let expected = attributes_of(
        port,
        &[
            ("db.operation.name", "DECRBY"),
            ("db.response.status_code", "WRONGTYPE"),
            ("error.type", "WRONGTYPE"),
        ],
    );
    assert_eq!(attributes(decr), expected);
}

#[test]
fn an_error_without_an_answer_has_no_code() {
    let (ended, port) = run(None);
    let decr = ended.span(Kind::Client, "DECRBY 0");
    assert_eq!(decr.status, Status::Error);
    let class = "redis::errors::redis_error::RedisError";
    let expected = attributes_of(
        port,
        &[("db.operation.name", "DECRBY"), ("error.type", class)],
    );
    assert_eq!(attributes(decr), expected);
}

/// The program, with a server that gives this answer to `DECRBY`, or breaks the connection.
fn run(left: Option<&'static str>) -> (Ended, u16) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let answering = thread::spawn(move || answer(&server.accept().unwrap().0, left));
    let text = port.to_string();
    let variables = [("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", text.as_str())];
    let ended = Program::start(env!("CARGO_BIN_EXE_example-redis"), &variables).end();
    answering.join().unwrap();
    (ended, port)
}

/// The part of the protocol that the program needs
/// (<https://redis.io/docs/latest/develop/reference/protocol-spec/>).
fn answer(mut client: &TcpStream, left: Option<&str>) {
    let mut commands = BufReader::new(client);
    while let Some(command) = command(&mut commands) {
        let answer = match (command.first().map(String::as_str), left) {
            (Some("CLIENT"), _) => "+OK",
            (Some("DECRBY"), Some(left)) => left,
            (Some("GET"), _) => "$1\r\n2",
            (Some("LLEN"), _) => {
                "-WRONGTYPE Operation against a key holding the wrong kind of value"
            }
            _ => return,
        };
        write!(client, "{answer}\r\n").unwrap();
    }
}

/// An array of texts; `None` at the end.
fn command(lines: &mut impl BufRead) -> Option<Vec<String>> {
    let count = length(lines, '*')?;
    (0..count)
        .map(|_| {
            // Including the end of the line.
            let mut text = vec![0; length(lines, '$')? + 2];
            lines.read_exact(&mut text).ok()?;
            Some(String::from_utf8(text).ok()?.trim_end().to_owned())
        })
        .collect()
}

fn length(lines: &mut impl BufRead, mark: char) -> Option<usize> {
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    line.trim_end().strip_prefix(mark)?.parse().ok()
}

fn attributes_of(port: u16, more: &[(&str, &str)]) -> Vec<String> {
    let database = [
        ("db.namespace", "0"),
        ("db.system.name", "redis"),
        ("server.address", "127.0.0.1"),
    ];
    let texts = database.iter().chain(more);
    let mut all: Vec<_> = texts
        .map(|(name, value)| format!("{name}: Text({value:?})"))
        .collect();
    all.push(format!("server.port: Integer({port})"));
    all.sort();
    all
}
