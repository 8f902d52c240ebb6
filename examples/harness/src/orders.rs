//! Shared by the examples of HTTP servers: they have the same routes, and end alike.

use otel_waterfall::Kind;

use crate::{OpenRequest, Program};

/// Asks a service to end while it has three open requests: one can still be answered, one hangs,
/// and one is an endless stream. Checks that the span of each is exported.
pub fn assert_every_span_is_exported_at_the_end(program: &str) {
    let mut program = Program::start(program, &[]);
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
