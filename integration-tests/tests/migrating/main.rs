//! The "after" code of `docs/migrating.md` is compiled and run here. The "before" code is compiled
//! by `integration-tests/migrating`, which `.ci/more others` checks.

#![allow(
    clippy::expect_used,
    clippy::let_and_return,
    clippy::panic,
    reason = "the statements are those of the page, and helpers of tests fail by panicking"
)]

mod after;

use actix_web::{test as actix, web};
use axum::body::Body;
use axum::http::{Request, Response};
use axum::{Router, routing::get};
use http_body_util::BodyExt;
use opentelemetry::global;
use opentelemetry::trace::SpanKind;
use otel_instrumentation::testing::Capture;
use tower::ServiceExt;

#[test]
fn code_of_the_page_is_the_code_that_is_compiled() {
    let page = include_str!("../../../docs/migrating.md");
    let compiled_after = words(include_str!("after.rs"));
    let compiled_before = words(include_str!("../../migrating/src/lib.rs"));
    let sections: Vec<_> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 10);
    for section in sections {
        let (title, _) = section.split_once('\n').expect("a title");
        let mut blocks = section.split("```rust\n// before\n").skip(1);
        let block = blocks.next().expect("a block of code");
        assert_eq!(blocks.next(), None, "{title}");
        let (code, _) = block.split_once("```").expect("an end of the block");
        let (before, after) = code.split_once("// after\n").expect("code after");
        for part in after.split("\n\n") {
            assert!(compiled_after.contains(&words(part)), "{title}: {part}");
        }
        let is_compiled = compiled_before.contains(&words(before));
        assert_eq!(is_compiled, !title.starts_with(NOT_COMPILED), "{title}");
    }
}

/// The providers are global, as on the page.
#[tokio::test]
async fn each_way_makes_the_one_span_that_it_should() {
    let capture = Capture::new();
    global::set_tracer_provider(capture.tracer_provider().clone());
    let mut seen = 0;
    let mut new_spans = || {
        let spans = capture.spans().split_off(seen);
        seen += spans.len();
        let spans = spans
            .into_iter()
            .map(|span| (span.span_kind, span.name.into_owned()));
        spans.collect::<Vec<_>>()
    };
    let server = || vec![(SpanKind::Server, "GET /users/{id}".to_owned())];

    asked(after::from_opentelemetry_instrumentation_tower()).await;
    assert_eq!(new_spans(), server());
    asked(after::in_axum(routes())).await;
    assert_eq!(new_spans(), server());
    let response = asked(after::from_tracing_opentelemetry(routes())).await;
    assert!(response.headers().contains_key("server-timing"));
    assert_eq!(new_spans(), server());

    let app = after::in_actix().route("/users/{id}", web::get().to(async || "user"));
    let app = actix::init_service(app).await;
    let request = actix::TestRequest::get().uri("/users/42").to_request();
    actix::call_and_read_body(&app, request).await;
    assert_eq!(new_spans(), server());

    // Nothing listens, but there is a span.
    let client = after::from_reqwest_tracing();
    let response = after::from_fastrace_reqwest(client, "http://127.0.0.1:1/").await;
    assert!(response.is_err());
    assert_eq!(new_spans(), [(SpanKind::Client, "GET".to_owned())]);
}

fn routes() -> Router {
    Router::new().route("/users/{id}", get(async || "user"))
}

/// The response of the service, whose body was read.
async fn asked(app: Router) -> Response<()> {
    let request = Request::get("/users/42").body(Body::empty());
    let response = app.oneshot(request.expect("a request")).await;
    let (head, body) = response.expect("a response").into_parts();
    body.collect().await.expect("a body");
    Response::from_parts(head, ())
}

/// Ignores what rustfmt inserts where it breaks a line.
fn words(code: &str) -> String {
    let words: String = code.split_whitespace().collect();
    words.replace(",)", ")")
}

/// It sets the global providers, so `fresh_project` runs its like as a process.
const _: fn() -> Result<(), Box<dyn std::error::Error>> = after::main;
/// axum-otel cannot be compiled here, because its otel-http needs a newer Rust than the rest.
const NOT_COMPILED: &str = "axum-otel";
