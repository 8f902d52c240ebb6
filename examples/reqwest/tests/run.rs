//! The program as its first lines say to run it.

#[path = "../../printed.rs"]
mod printed;

use printed::{output_of, spans};

#[test]
fn call_is_below_its_caller_and_the_server_is_told_of_it() {
    let output = output_of(env!("CARGO_BIN_EXE_example-reqwest"), &[]);
    let [call, caller] = &spans(&output)[..] else {
        panic!("not two spans: {output}");
    };
    assert_eq!(call["Name"], "GET /users/{id}");
    assert_eq!(call["Kind"], "Client");
    assert_eq!(call["ParentSpanId"], caller["SpanId"]);
    assert_eq!(call["TraceId"], caller["TraceId"]);
    assert_eq!(caller["Name"], "user");
    assert_eq!(caller["ParentSpanId"], "None (root span)");

    let (trace_id, span_id) = (&call["TraceId"], &call["SpanId"]);
    let answer = format!("user 7, traceparent 00-{trace_id}-{span_id}-01");
    assert_eq!(output.lines().last(), Some(&answer[..]));
}
