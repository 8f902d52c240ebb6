//! Asserts exactly how many allocations the server layer adds to a call, so that one more is
//! noticed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use allocation_counter::measure;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_tonic::{OtelServerLayer, Providers, ServerConfig};
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service, ServiceExt};

#[test]
fn a_call_costs_so_many_allocations() {
    let global = Providers::global;
    let cases = [
        // The lists and strings of tracestate, the remote span, and the look for an SDK.
        ("no SDK", global(), Some(SAMPLED), Some(TRACESTATE), 5),
        // Two more copies of tracestate, the span and its place in the context, its attributes,
        // and the mark of a recorded call, which is one extension more than axum has room for.
        (
            "not sampled",
            dropping_providers(false),
            Some(NOT_SAMPLED),
            Some(TRACESTATE),
            14,
        ),
        // One more copy of tracestate, and two for a body that reports how far it was read.
        (
            "sampled",
            dropping_providers(false),
            Some(SAMPLED),
            Some(TRACESTATE),
            19,
        ),
        // The list of labels is reused from request to request.
        (
            "measured",
            dropping_providers(true),
            Some(SAMPLED),
            Some(TRACESTATE),
            19,
        ),
        (
            "no tracestate",
            dropping_providers(false),
            Some(SAMPLED),
            None,
            7,
        ),
    ];
    let bare = cost(&routes(), None, None);
    for (setup, telemetry, traceparent, tracestate, expected) in cases {
        let layer = OtelServerLayer::with_config(ServerConfig::new().providers(telemetry));
        let added = cost(&layer.layer(routes()), traceparent, tracestate) - bare;
        assert_eq!(added, expected, "{setup}");
    }
}

/// The allocations of one call, after warm-up calls, from which the layer has learned the method.
fn cost<S, B>(service: &S, traceparent: Option<&str>, tracestate: Option<&str>) -> u64
where
    S: Service<Request<Body>, Response = Response<B>> + Clone,
    B: http_body::Body<Data = Bytes>,
{
    let send = || {
        let mut request = Request::post("http://shop.example:8080/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, line) in [("traceparent", traceparent), ("tracestate", tracestate)] {
            request = match line {
                Some(line) => request.header(name, line),
                None => request,
            };
        }
        let message = Full::new(Bytes::from_static(&[0, 0, 0, 0, 0]));
        let request = request.body(Body::new(message)).unwrap();
        let service = service.clone();
        measure(|| {
            let answered = service.oneshot(request).now_or_never().unwrap();
            let body = answered.map(|response| response.into_body().collect());
            let body = body
                .ok()
                .and_then(|body| body.now_or_never()?.ok())
                .unwrap();
            assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        })
        .count_total
    };
    (0..10).for_each(|_| {
        send();
    });
    send()
}

fn routes() -> Routes {
    let (_, health) = tonic_health::server::health_reporter();
    Routes::new(health).prepare()
}

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
const TRACESTATE: &str = "congo=t61rcWkgMzE";
