//! The program as its first lines say to run it.

#[path = "../../printed.rs"]
mod printed;

use printed::{output_of, spans};

#[test]
fn both_sides_of_the_call_are_in_one_trace() {
    let output = output_of(env!("CARGO_BIN_EXE_example-tonic"), &[]);
    let [server, client] = &spans(&output)[..] else {
        panic!("not two spans: {output}");
    };
    assert_eq!(server["Name"], "grpc.health.v1.Health/Check");
    assert_eq!(server["Kind"], "Server");
    assert_eq!(server["ParentSpanId"], client["SpanId"]);
    assert_eq!(server["TraceId"], client["TraceId"]);
    assert_eq!(client["Name"], "grpc.health.v1.Health/Check");
    assert_eq!(client["Kind"], "Client");
    assert_eq!(client["ParentSpanId"], "None (root span)");

    assert_eq!(output.lines().last(), Some("Serving"));
}
