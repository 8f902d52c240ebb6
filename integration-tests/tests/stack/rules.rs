//! Rules that need a whole operation to be tested.

use std::collections::HashMap;

use integration_tests::observed::only_point;
use integration_tests::semconv;
use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use otel_instrumentation::testing::Capture;
use otel_instrumentation::{
    ClientConfig, HttpClientInstrumentation, HttpServerInstrumentation, Operation, Request,
    Response, ServerConfig, instrumentation_scope,
};

const METRICS: [&str; 2] = [
    "http.server.request.duration",
    "http.client.request.duration",
];

fn start(capture: &Capture, is_server: bool, template: Option<&str>) -> Operation {
    let headers = HashMap::<String, String>::new();
    let request = Request::new("GET", "/users/1", &headers)
        .scheme("http")
        .authority("shop.test:8080")
        .template(template)
        .version("1.1");
    let (scope, providers) = (instrumentation_scope("rules", "0"), capture.providers());
    if is_server {
        let config = ServerConfig::new().providers(providers);
        HttpServerInstrumentation::new(scope, config).start(&request)
    } else {
        let config = ClientConfig::new().providers(providers);
        HttpClientInstrumentation::new(scope, config).start(&request)
    }
}

fn respond(operation: &mut Operation, status: u16) {
    let headers = HashMap::<String, String>::new();
    operation.record_response(&Response::new(status, &headers));
}

fn recorded(capture: &Capture) -> SpanData {
    semconv::check(capture);
    let mut spans = capture.spans();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

/// HSU-21, HCU-10: an error is one whatever the status, and before there is any; the status stays
/// what it was.
#[test]
fn an_error_counts_besides_any_status() {
    for (is_server, metric) in [(true, METRICS[0]), (false, METRICS[1])] {
        for status in [
            None,
            Some(100),
            Some(200),
            Some(302),
            Some(404),
            Some(500),
            Some(601),
        ] {
            let capture = Capture::new();
            let mut operation = start(&capture, is_server, None);
            if let Some(status) = status {
                respond(&mut operation, status);
            }
            operation.fail("broken", "it broke");
            operation.finish();

            let span = recorded(&capture);
            assert_eq!(span.status, Status::error("it broke"), "{status:?}");
            let labels = only_point(&capture, metric).labels;
            assert_eq!(labels["error.type"], Value::from("broken"), "{status:?}");
            let found = labels.get("http.response.status_code").cloned();
            let status = status.map(|status| Value::from(i64::from(status)));
            assert_eq!(found, status);
        }
    }
}

/// HSU-24, HSU-25, HSU-26: of the routes that are found, the longest names the span and is the
/// metric's label; one that is known from the start is final.
#[test]
fn the_longest_route_is_everywhere() {
    let (users, nested) = ("/users/{id}", "/api/users/{id}");
    let cases: [(Option<&str>, &[&str], Option<&str>); 7] = [
        (None, &[], None),
        (None, &[""], None),
        (None, &[users], Some(users)),
        (None, &[users, users], Some(users)),
        (None, &[users, nested], Some(nested)),
        (None, &[nested, users], Some(nested)),
        (Some(users), &[nested], Some(users)),
    ];
    for (template, routes, expected) in cases {
        let capture = Capture::new();
        let mut operation = start(&capture, true, template);
        for route in routes {
            operation.record_route(route);
        }
        respond(&mut operation, 200);
        operation.finish();

        let span = recorded(&capture);
        let name = expected.map_or("GET".to_owned(), |route| format!("GET {route}"));
        assert_eq!(span.name, name);
        let route = expected.map(|route| KeyValue::new("http.route", route.to_owned()));
        let is_route = |it: &&KeyValue| it.key.as_str() == "http.route";
        assert_eq!(span.attributes.iter().find(is_route), route.as_ref());
        let labels = only_point(&capture, METRICS[0]).labels;
        assert_eq!(labels.get("http.route"), route.map(|it| it.value).as_ref());
    }
}
