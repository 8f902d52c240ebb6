//! The program, run as its first lines say, with a server that forwards what it receives.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use example_harness::Program;
use otel_waterfall::Kind;

#[test]
fn every_order_has_its_span_also_that_which_is_worked_on_at_the_end() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", server.local_addr().unwrap());
    let (stuck, is_stuck) = mpsc::channel();
    let forwarded = thread::spawn(move || forward(server.accept().unwrap().0, &stuck));
    let program = Program::start(env!("CARGO_BIN_EXE_example-nats"), &[("NATS_URL", &url)]);
    is_stuck.recv().unwrap();
    program.terminate();
    let ended = program.end();

    let names = [
        "Consumer process orders",
        "Consumer process orders",
        "Producer send orders",
    ];
    assert_eq!(ended.names(), names);
    let sent = ended.span(Kind::Producer, "send orders");
    let orders = ended.spans(Kind::Consumer, "process orders");
    let parents: Vec<_> = orders.iter().map(|span| span.parent_span_id).collect();
    assert_eq!(parents, [Some(sent.span_id), None]);
    let errors: Vec<_> = orders.iter().map(|span| span.error_type()).collect();
    assert_eq!(errors, [None, Some("cancelled")]);
    let headers = forwarded.join().unwrap();
    assert!(headers.contains(&sent.span_id.to_string()), "{headers}");
}

/// As much of the protocol as the program needs
/// (<https://docs.nats.io/reference/reference-protocols/nats-protocol>). The first question about
/// the stock is answered, and a second order sent; the question about that is not. Returns the
/// headers of what was published.
fn forward(stream: TcpStream, stuck: &mpsc::Sender<()>) -> String {
    let mut client = stream.try_clone().unwrap();
    let info = r#"{"server_id":"test","version":"2.11.0","headers":true,"max_payload":1048576}"#;
    write!(client, "INFO {info}\r\n").unwrap();
    let mut lines = BufReader::new(stream);
    let mut published = String::new();
    let (mut orders, mut answers) = (String::new(), String::new());
    let mut is_answered = false;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            return published;
        }
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["PING"] => write!(client, "PONG\r\n").unwrap(),
            ["SUB", "orders", id] => id.clone_into(&mut orders),
            ["SUB", _, id] => id.clone_into(&mut answers),
            ["HPUB", subject, head, all] => {
                let message = payload(&mut lines, all);
                let headers = message.get(..head.parse().unwrap()).unwrap();
                published = String::from_utf8(headers.to_vec()).unwrap();
                write!(client, "HMSG {subject} {orders} {head} {all}\r\n").unwrap();
                client.write_all(&message).unwrap();
            }
            ["PUB", "stock", reply, size] => {
                payload(&mut lines, size);
                if is_answered {
                    stuck.send(()).unwrap();
                } else {
                    is_answered = true;
                    write!(client, "MSG {reply} {answers} 1\r\n1\r\n").unwrap();
                    write!(client, "MSG orders {orders} 2\r\n43\r\n").unwrap();
                }
            }
            _ => {}
        }
    }
}

/// Including the end of the next line.
fn payload(lines: &mut impl Read, size: &str) -> Vec<u8> {
    let mut payload = vec![0; size.parse::<usize>().unwrap() + 2];
    lines.read_exact(&mut payload).unwrap();
    payload
}
