//! Asserts exactly how many allocations the layer adds to a request, so that one more is noticed.
//!
//! Any layer of tower costs three, because axum boxes what is around a route. A body that is not
//! axum's own costs one.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::net::SocketAddr;

use allocation_counter::measure;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::routing::get;
use futures_util::FutureExt;
use http::Request;
use http::request::Builder;
use opentelemetry::Context;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_axum::{OtelLayer, Providers, ServerConfig};
use tower::ServiceExt;

#[test]
fn a_request_costs_so_many_allocations() {
    let global = Providers::global;
    let cases = [
        // The lists and strings of tracestate, the remote span, and the look for an SDK.
        ("no SDK", global(), Some(SAMPLED), Some(TRACESTATE), 8),
        ("no SDK, no caller", global(), None, None, 4),
        // Two more copies of tracestate, the span and its place in the context, its attributes,
        // the path, and the mark of a recorded request, which is one extension more than axum has
        // made room for.
        (
            "not sampled",
            dropping_providers(false),
            Some(NOT_SAMPLED),
            Some(TRACESTATE),
            18,
        ),
        // One more copy of tracestate.
        (
            "sampled",
            dropping_providers(false),
            Some(SAMPLED),
            Some(TRACESTATE),
            21,
        ),
        // The list of labels is reused from request to request.
        (
            "measured",
            dropping_providers(true),
            Some(SAMPLED),
            Some(TRACESTATE),
            21,
        ),
        (
            "no tracestate",
            dropping_providers(false),
            Some(SAMPLED),
            None,
            9,
        ),
        ("no caller", dropping_providers(false), None, None, 8),
    ];
    let bare = cost(&routes(), get_order);
    for (setup, telemetry, traceparent, tracestate, expected) in cases {
        let layer = OtelLayer::with_config(ServerConfig::new().providers(telemetry));
        let request = || called_by(traceparent, tracestate);
        let added = cost(&routes().layer(layer), request) - bare;
        assert_eq!(added, expected, "{setup}");
    }
}

/// Its address is known from earlier requests. axum has made room for it, and the mark of a
/// recorded request fits there, too.
#[test]
fn a_peer_costs_no_allocation() {
    let peer = SocketAddr::from(([192, 0, 2, 1], 4321));
    let from_peer = || get_order().extension(ConnectInfo(peer));
    let layer = OtelLayer::with_config(ServerConfig::new().providers(dropping_providers(true)));
    let bare = cost(&routes(), from_peer);
    let layered = routes().layer(layer);
    let with_peer = cost(&layered, from_peer) - bare;
    let without = cost(&layered, get_order) - cost(&routes(), get_order);
    assert_eq!(with_peer + 1, without);
}

#[test]
fn a_suppressed_request_costs_what_any_layer_does() {
    let layer = OtelLayer::with_config(ServerConfig::new().providers(dropping_providers(true)));
    let bare = cost(&routes(), get_order);
    let _suppressed = Context::new().with_telemetry_suppressed().attach();
    let request = || called_by(Some(SAMPLED), Some(TRACESTATE));
    let added = cost(&routes().layer(layer), request) - bare;
    assert_eq!(added, 3);
}

/// The allocations of one request, after warm-up requests.
fn cost(routes: &Router, request: impl Fn() -> Builder) -> u64 {
    let service = routes.clone().with_state(());
    let send = || {
        let request = request().body(Body::empty()).unwrap();
        let service = service.clone();
        measure(|| {
            let response = service.oneshot(request).now_or_never().unwrap().unwrap();
            let body = to_bytes(response.into_body(), usize::MAX);
            assert_eq!(body.now_or_never().unwrap().unwrap(), "order");
        })
        .count_total
    };
    (0..10).for_each(|_| {
        send();
    });
    send()
}

fn get_order() -> Builder {
    Request::get("/orders/42")
        .header("host", "shop.example:8080")
        .header("user-agent", "test/1.0")
}

fn called_by(traceparent: Option<&str>, tracestate: Option<&str>) -> Builder {
    let lines = [("traceparent", traceparent), ("tracestate", tracestate)];
    lines
        .into_iter()
        .fold(get_order(), |request, line| match line {
            (name, Some(line)) => request.header(name, line),
            (_, None) => request,
        })
}

fn routes() -> Router {
    Router::new().route("/orders/{id}", get(async || "order"))
}

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
const TRACESTATE: &str = "congo=t61rcWkgMzE";
