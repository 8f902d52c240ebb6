//! The program as its first lines say to run it.

#[path = "../../printed.rs"]
mod printed;

use printed::{output_of, spans};

#[test]
fn request_is_answered_and_its_span_is_printed() {
    let output = output_of(env!("CARGO_BIN_EXE_example-actix"), &[]);
    let [request] = &spans(&output)[..] else {
        panic!("not one span: {output}");
    };
    assert_eq!(request["Name"], "GET /users/{id}");
    assert_eq!(request["Kind"], "Server");
    assert_eq!(request["ParentSpanId"], "None (root span)");

    assert_eq!(output.lines().last(), Some("user 7"));
}
