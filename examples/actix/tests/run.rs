//! The program as its first lines say to run it.

use example_harness::{OpenRequest, Program};
use otel_waterfall::Kind;

#[test]
fn every_span_is_exported_when_the_process_is_asked_to_end() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_example-actix"), &[]);
    let address = program.address();
    let answered = OpenRequest::get(address, "/users/7").rest();
    assert!(answered.ends_with("user 7"), "{answered}");
    let mut drained = OpenRequest::post(address, "/orders");
    let hanging = OpenRequest::post(address, "/orders");
    let mut endless = OpenRequest::get(address, "/events");
    endless.wait_for("data: welcome");

    program.terminate();
    program.wait_until_refused(address);
    drained.send_body();
    let answer = drained.rest();
    assert!(answer.ends_with("ordered \"7\""), "{answer}");

    let ended = program.end();
    let names = [
        "Server GET /events",
        "Server GET /users/{id}",
        "Server POST /orders",
        "Server POST /orders",
    ];
    assert_eq!(ended.names(), names);
    let orders = ended.spans(Kind::Server, "POST /orders");
    let outcomes: Vec<_> = orders
        .iter()
        .map(|order| (order.http_status(), order.error_type()))
        .collect();
    assert_eq!(outcomes, [(Some(200), None), (None, Some("cancelled"))]);
    drop((hanging, endless));
}
