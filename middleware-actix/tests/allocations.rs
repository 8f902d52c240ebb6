//! Asserts exactly how many allocations the middleware adds to a request, so that one more is
//! noticed.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, web};
use allocation_counter::measure;
use futures_util::FutureExt;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_actix::{OtelMiddleware, Providers, ServerConfig};

#[actix_web::test]
async fn a_request_costs_so_many_allocations() {
    let global = Providers::global;
    let cases = [
        // The lists and strings of tracestate, the remote span, and the look for an SDK.
        ("no SDK", global(), Some(SAMPLED), Some(TRACESTATE), 5),
        // Two more copies of tracestate, the span and its place in the context, its attributes
        // and the path.
        (
            "not sampled",
            dropping_providers(false),
            Some(NOT_SAMPLED),
            Some(TRACESTATE),
            14,
        ),
        // One more copy of tracestate, and the route that actix formats.
        (
            "sampled",
            dropping_providers(false),
            Some(SAMPLED),
            Some(TRACESTATE),
            18,
        ),
        // The list of labels is reused from request to request.
        (
            "measured",
            dropping_providers(true),
            Some(SAMPLED),
            Some(TRACESTATE),
            18,
        ),
        (
            "no tracestate",
            dropping_providers(false),
            Some(SAMPLED),
            None,
            6,
        ),
    ];
    let app = App::new().route("/orders/{id}", web::get().to(async || "order"));
    let bare = cost(
        &init_service(app).await,
        TestRequest::to_request,
        None,
        None,
    );
    for (setup, telemetry, traceparent, tracestate, expected) in cases {
        let middleware = OtelMiddleware::with_config(ServerConfig::new().providers(telemetry));
        let app = App::new()
            .wrap(middleware)
            .route("/orders/{id}", web::get().to(async || "order"));
        let service = init_service(app).await;
        let added = cost(&service, TestRequest::to_request, traceparent, tracestate) - bare;
        assert_eq!(added, expected, "{setup}");
    }
}

/// The allocations of one request, after warm-up requests.
fn cost<S, R, B>(
    service: &S,
    make: fn(TestRequest) -> R,
    traceparent: Option<&str>,
    tracestate: Option<&str>,
) -> u64
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let send = || {
        let mut request = TestRequest::get()
            .uri("/orders/42")
            .insert_header(("host", "shop.example:8080"))
            .insert_header(("user-agent", "test/1.0"));
        for (name, line) in [("traceparent", traceparent), ("tracestate", tracestate)] {
            request = match line {
                Some(line) => request.insert_header((name, line)),
                None => request,
            };
        }
        let request = make(request);
        measure(|| {
            let response = service.call(request).now_or_never().unwrap().unwrap();
            let body = to_bytes(response.into_body()).now_or_never().unwrap();
            assert!(body.is_ok_and(|body| body == "order"));
        })
        .count_total
    };
    (0..10).for_each(|_| {
        send();
    });
    send()
}

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
const TRACESTATE: &str = "congo=t61rcWkgMzE";
