//! What is recorded of a request and its answer.

use std::collections::HashSet;

use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;

use super::{Expected, Running, ServerApp, request};
use crate::observed::spans_of;
use crate::wire::exchange;

/// A request, the status and the end of its answer, and what is recorded.
struct Case {
    id: &'static str,
    line: &'static str,
    answer: (u16, &'static str),
    expected: Expected,
}

fn cases(app: &impl ServerApp) -> Vec<Case> {
    let (odd_status, odd_route) = app.differences().odd_method;
    let case = |id, line, answer, expected| Case {
        id,
        line,
        answer,
        expected,
    };
    vec![
        case(
            "HS-01",
            "GET /success",
            (200, "success"),
            Expected::get("/success"),
        ),
        case(
            "HS-04",
            "GET /query?some=query",
            (200, "some=query"),
            Expected {
                query: Some("some=query"),
                ..Expected::get("/query")
            },
        ),
        case(
            "HS-05",
            "GET /redirect",
            (302, ""),
            Expected {
                status: Some(302),
                ..Expected::get("/redirect")
            },
        ),
        case(
            "HS-26",
            "GET /client-error",
            (400, "bad request"),
            Expected {
                status: Some(400),
                ..Expected::get("/client-error")
            },
        ),
        case(
            "HS-06",
            "GET /error-status",
            (500, "controller error"),
            Expected {
                status: Some(500),
                error: Some("500"),
                ..Expected::get("/error-status")
            },
        ),
        case(
            "HS-07",
            "GET /handler-error",
            (500, "failed"),
            Expected {
                status: Some(500),
                error: Some("500"),
                message: app.differences().handler_error_message,
                ..Expected::get("/handler-error")
            },
        ),
        case(
            "the handler's own error type",
            "GET /declined",
            (402, ""),
            Expected {
                status: Some(402),
                error: Some("card_declined"),
                ..Expected::get("/declined")
            },
        ),
        case(
            "HS-08",
            "GET /notFound",
            (404, ""),
            Expected {
                name: "GET".to_owned(),
                route: None,
                status: Some(404),
                ..Expected::get("/notFound")
            },
        ),
        case(
            "HS-09",
            "GET /path/123/param",
            (200, "123"),
            Expected {
                name: "GET /path/{id}/param".to_owned(),
                route: Some("/path/{id}/param"),
                ..Expected::get("/path/123/param")
            },
        ),
        case(
            "HS-19",
            "GET /nested/users/42",
            (200, "42"),
            Expected {
                name: "GET /nested/users/{id}".to_owned(),
                route: Some("/nested/users/{id}"),
                ..Expected::get("/nested/users/42")
            },
        ),
        case(
            "HS-16",
            "TEST /success",
            (odd_status, ""),
            Expected {
                name: odd_route.map_or("HTTP".to_owned(), |route| format!("HTTP {route}")),
                method: "_OTHER",
                method_original: Some("TEST"),
                route: odd_route,
                status: Some(odd_status),
                ..Expected::get("/success")
            },
        ),
        case(
            "methods are case-sensitive",
            "get /success",
            (odd_status, ""),
            Expected {
                name: odd_route.map_or("HTTP".to_owned(), |route| format!("HTTP {route}")),
                method: "_OTHER",
                method_original: Some("get"),
                route: odd_route,
                status: Some(odd_status),
                ..Expected::get("/success")
            },
        ),
        case(
            "HSU-19",
            "GET /query?sig=secret&a=b",
            (200, "sig=secret&a=b"),
            Expected {
                query: Some("sig=REDACTED&a=b"),
                ..Expected::get("/query")
            },
        ),
        case(
            "a target in absolute form has authority and scheme",
            "GET http://absolute.example/success",
            (200, "success"),
            Expected {
                server: Some(("absolute.example", None)),
                ..Expected::get("/success")
            },
        ),
    ]
}

/// HS-37: the route did not answer, but it is the one that the request was for.
pub async fn an_error_of_a_middleware_inside_has_the_route(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, answer) = running.ask("GET /guarded", &[]).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let expected = Expected {
        status: Some(403),
        ..Expected::get("/guarded")
    };
    running.expect(client, &expected).await;
}

/// HS-01, HS-04, HS-05, HS-06, HS-07, HS-08, HS-09, HS-12, HS-16, HS-19, HS-26, HSU-08, HSU-19,
/// HSU-21, HSU-24, HSU-27.
pub async fn a_request_makes_one_span(app: &impl ServerApp) {
    for case in cases(app) {
        println!("{}: {}", case.id, case.line);
        let running = Running::start(app).await;
        let (client, answer) = running.ask(case.line, &[]).await;
        let (status, end) = case.answer;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(
            answer.trim_end_matches("\r\n0\r\n\r\n").ends_with(end),
            "{answer}"
        );
        running.expect(client, &case.expected).await;
    }
}

/// HSU-06, HSU-07: an invalid port is absent, and brackets are no part of an address.
pub async fn the_host_is_taken_apart(app: &impl ServerApp) {
    let cases = [
        ("example.com", Some(("example.com", None))),
        ("example.com:42", Some(("example.com", Some(42)))),
        ("[2001:db8::1]", Some(("2001:db8::1", None))),
        ("[2001:db8::1]:42", Some(("2001:db8::1", Some(42)))),
    ];
    for (host, server) in cases {
        println!("{host}");
        let running = Running::start(app).await;
        let text = request("GET /success", &[]).replace("shop.example:8080", host);
        let (client, _) = exchange(running.address(), text).await;
        let expected = Expected {
            server,
            ..Expected::get("/success")
        };
        running.expect(client, &expected).await;
    }
}

/// HS-11: credentials and secrets in a query are redacted.
pub async fn the_fields_of_a_form_are_not_recorded(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let form = "test-parameter=test+value";
    let headers = [
        "Content-Type: application/x-www-form-urlencoded",
        &format!("Content-Length: {}", form.len()),
    ];
    let text = request("POST /echo", &headers) + form;
    let (client, answer) = exchange(running.address(), text).await;
    assert!(answer.ends_with(form), "{answer}");
    let expected = Expected {
        name: "POST /echo".to_owned(),
        method: "POST",
        ..Expected::get("/echo")
    };
    running.expect(client, &expected).await;
}

/// HS-01.
pub async fn sequential_requests_make_separate_traces(app: &impl ServerApp) {
    for count in [1, 4, 50] {
        let running = Running::start(app).await;
        for _ in 0..count {
            running.ask("GET /success", &[]).await;
        }
        let capture = running.stop(count).await;
        let spans = spans_of(&capture, SpanKind::Server, count).await;
        let traces: HashSet<_> = spans.iter().map(|it| it.span_context.trace_id()).collect();
        assert_eq!(traces.len(), count);
    }
}

/// HS-01: the handler's own span is the server span's child, and ends before it.
pub async fn the_handler_runs_inside_the_span(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, _) = running.ask("GET /success", &[]).await;
    let capture = running.capture.clone();
    let server = running.expect(client, &Expected::get("/success")).await;
    let controller = spans_of(&capture, SpanKind::Internal, 1).await.remove(0);
    assert_child(&controller, &server);
    assert!(server.end_time >= controller.end_time);
}

fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id());
    assert_eq!(
        child.span_context.trace_id(),
        parent.span_context.trace_id()
    );
}
