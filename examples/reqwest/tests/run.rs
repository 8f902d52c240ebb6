//! The programs, run as their first lines say.

use example_harness::Program;
use otel_waterfall::Kind;

#[test]
fn call_is_below_its_caller_and_the_server_is_told_of_it() {
    let ended = Program::start(env!("CARGO_BIN_EXE_example-reqwest"), &[]).end();
    assert_eq!(ended.names(), ["Client GET /users/{id}", "Internal user"]);
    let call = ended.span(Kind::Client, "GET /users/{id}");
    let caller = ended.span(Kind::Internal, "user");
    assert_eq!(call.parent_span_id, Some(caller.span_id));
    assert_eq!(caller.parent_span_id, None);

    let (trace_id, span_id) = (call.trace_id, call.span_id);
    let answer = format!("user 7, traceparent 00-{trace_id}-{span_id}-01\n");
    assert_eq!(ended.output, answer);
}

#[test]
fn each_attempt_is_a_span_and_counted() {
    let ended = Program::start(env!("CARGO_BIN_EXE_retry"), &[]).end();
    assert_eq!(ended.output, "ordered\n");
    assert_eq!(ended.spans.len(), 4);
    let order = ended.span(Kind::Internal, "order");
    let attempts: Vec<_> = ended
        .spans(Kind::Client, "GET")
        .iter()
        .map(|span| {
            assert_eq!(span.parent_span_id, Some(order.span_id));
            let count = span.attributes.get("http.request.resend_count");
            let count = count.and_then(otel_waterfall::Value::as_integer);
            (count, span.http_status(), span.is_error())
        })
        .collect();
    let expected = [
        (None, Some(503), true),
        (Some(1), Some(503), true),
        (Some(2), Some(200), false),
    ];
    assert_eq!(attempts, expected);
}
