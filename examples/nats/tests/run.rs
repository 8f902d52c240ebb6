//! The program as its first lines say to run it, with a server that forwards what it is sent.
#![allow(clippy::unwrap_used)]

#[path = "../../printed.rs"]
mod printed;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use printed::{output_of, spans};

#[test]
fn message_is_worked_on_in_the_trace_of_its_sending() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", server.local_addr().unwrap());
    let forwarded = thread::spawn(move || forward(server.accept().unwrap().0));
    let output = output_of(env!("CARGO_BIN_EXE_example-nats"), &[("NATS_URL", &url)]);

    let [sent, worked_on] = &spans(&output)[..] else {
        panic!("not two spans: {output}");
    };
    assert_eq!(
        (&*sent["Name"], &*sent["Kind"]),
        ("send orders", "Producer")
    );
    let place = (&*worked_on["Name"], &*worked_on["Kind"]);
    assert_eq!(place, ("process orders", "Consumer"));
    assert_eq!(worked_on["TraceId"], sent["TraceId"]);
    assert_eq!(worked_on["ParentSpanId"], sent["SpanId"]);
    let headers = forwarded.join().unwrap();
    assert!(headers.contains(&sent["SpanId"]), "{headers}");
}

/// As much of the protocol as the program needs
/// (<https://docs.nats.io/reference/reference-protocols/nats-protocol>). Returns the headers of what
/// was published.
fn forward(stream: TcpStream) -> String {
    let mut client = stream.try_clone().unwrap();
    let info = r#"{"server_id":"test","version":"2.11.0","headers":true,"max_payload":1048576}"#;
    write!(client, "INFO {info}\r\n").unwrap();
    let mut lines = BufReader::new(stream);
    let mut published = String::new();
    let mut subscription = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            return published;
        }
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["PING"] => write!(client, "PONG\r\n").unwrap(),
            ["SUB", _, id] => id.clone_into(&mut subscription),
            ["HPUB", subject, head, all] => {
                let mut message = vec![0; all.parse::<usize>().unwrap() + 2];
                lines.read_exact(&mut message).unwrap();
                let headers = message.get(..head.parse().unwrap()).unwrap();
                published = String::from_utf8(headers.to_vec()).unwrap();
                write!(client, "HMSG {subject} {subscription} {head} {all}\r\n").unwrap();
                client.write_all(&message).unwrap();
            }
            _ => {}
        }
    }
}
