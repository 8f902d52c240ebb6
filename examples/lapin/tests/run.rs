//! The program, run as its first lines say, with a broker that forwards what it receives.
#![allow(clippy::unwrap_used)]

mod broker;

use std::net::TcpListener;
use std::thread;

use example_harness::Program;
use otel_waterfall::Kind;

#[test]
fn every_order_has_its_span_also_that_which_is_worked_on_at_the_end() {
    let broker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://{}", broker.local_addr().unwrap());
    let forwarding = thread::spawn(move || broker::forward(broker.accept().unwrap().0));
    let variables = [("AMQP_URL", url.as_str())];
    let mut program = Program::start(env!("CARGO_BIN_EXE_example-lapin"), &variables);
    program.hear("packing takes Some(3600) s");
    program.terminate();
    let ended = program.end();

    let names = [
        "Consumer process orders",
        "Consumer process orders",
        // One of lapin's own.
        "Internal io_loop",
        "Producer publish orders",
    ];
    assert_eq!(ended.names(), names);
    let sent = ended.span(Kind::Producer, "publish orders");
    let orders = ended.spans(Kind::Consumer, "process orders");
    let parents: Vec<_> = orders.iter().map(|span| span.parent_span_id).collect();
    assert_eq!(parents, [Some(sent.span_id), None]);
    let errors: Vec<_> = orders.iter().map(|span| span.error_type()).collect();
    assert_eq!(errors, [None, Some("cancelled")]);
    forwarding.join().unwrap();
}
