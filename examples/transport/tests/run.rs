//! The programs, run as their first lines say.

use example_harness::Program;
use otel_waterfall::Kind;

#[test]
fn both_ends_of_the_own_transport_are_one_trace() {
    let ended = Program::start(env!("CARGO_BIN_EXE_example-transport"), &[]).end();
    assert_eq!(ended.output, "status 200\n");
    let names = ["Client GET /users/{id}", "Server GET /users/{id}"];
    assert_eq!(ended.names(), names);
    let asked = ended.span(Kind::Client, "GET /users/{id}");
    let answered = ended.span(Kind::Server, "GET /users/{id}");
    assert_eq!(answered.trace_id, asked.trace_id);
    assert_eq!(answered.parent_span_id, Some(asked.span_id));
    assert_eq!(
        (asked.http_status(), answered.http_status()),
        (Some(200), Some(200))
    );
}

#[test]
fn hypers_client_has_spans_and_passes_the_context_on() {
    let ended = Program::start(env!("CARGO_BIN_EXE_hyper_client"), &[]).end();
    assert_eq!(ended.output, "a user\nanswered: false\n");
    let names = [
        "Client GET",
        "Client GET /users/{id}",
        "Server GET /users/{id}",
    ];
    assert_eq!(ended.names(), names);
    let asked = ended.span(Kind::Client, "GET /users/{id}");
    let answered = ended.span(Kind::Server, "GET /users/{id}");
    assert_eq!(answered.trace_id, asked.trace_id);
    assert_eq!(answered.parent_span_id, Some(asked.span_id));
    assert_eq!(asked.http_status(), Some(200));
    assert_eq!(asked.attributes.text("url.template"), Some("/users/{id}"));
    let refused = ended.span(Kind::Client, "GET");
    assert_eq!(refused.error_type(), Some("connect"));
}
