//! Asserts exactly how many allocations the middleware adds to a request, so that one more is
//! noticed.
//!
//! Any middleware of reqwest-middleware costs one, because its future is boxed.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::collections::HashMap;

use allocation_counter::measure;
use async_trait::async_trait;
use futures_util::FutureExt;
use http::Extensions;
use opentelemetry::Context;
use otel_instrumentation::testing::dropping_providers;
use otel_middleware_reqwest::{ClientConfig, OtelMiddleware, Providers};
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next, Result};

#[test]
fn a_request_costs_so_many_allocations() {
    let global = Providers::global;
    let cases = [
        // The two headers, the mark of the attempt, and the look for an SDK.
        ("no SDK", global(), Some(SAMPLED), Some(TRACESTATE), 7),
        // Two copies of tracestate, the span and its place in the context, its attributes, and
        // the URL.
        (
            "not sampled",
            dropping_providers(false),
            Some(NOT_SAMPLED),
            Some(TRACESTATE),
            16,
        ),
        // One more copy of tracestate.
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
            9,
        ),
        ("no caller", dropping_providers(false), None, None, 9),
    ];
    let bare = cost(&builder().with(Canned).build(), None, None);
    for (setup, telemetry, traceparent, tracestate, expected) in cases {
        let middleware = OtelMiddleware::with_config(ClientConfig::new().providers(telemetry));
        let client = builder().with(middleware).with(Canned).build();
        let added = cost(&client, traceparent, tracestate) - bare;
        assert_eq!(added, expected, "{setup}");
    }
}

/// The allocations of one request, after warm-up requests.
fn cost(client: &ClientWithMiddleware, traceparent: Option<&str>, tracestate: Option<&str>) -> u64 {
    let caller: HashMap<String, String> =
        [("traceparent", traceparent), ("tracestate", tracestate)]
            .into_iter()
            .filter_map(|(name, line)| Some((name.to_owned(), line?.to_owned())))
            .collect();
    let context = otel_propagation::extract(&Context::new(), &caller);
    let _current = context.attach();
    let send = || {
        let request = client
            .get("http://shop.example:8080/orders/42")
            .header("accept", "*/*")
            .build()
            .unwrap();
        measure(|| {
            let response = client.execute(request).now_or_never().unwrap().unwrap();
            let body = response.bytes().now_or_never().unwrap().unwrap();
            assert_eq!(body, "order");
        })
        .count_total
    };
    (0..10).for_each(|_| {
        send();
    });
    send()
}

fn builder() -> ClientBuilder {
    ClientBuilder::new(Client::new())
}

/// Answers instead of the network.
struct Canned;

#[async_trait]
impl Middleware for Canned {
    async fn handle(&self, _: Request, _: &mut Extensions, _: Next<'_>) -> Result<Response> {
        Ok(http::Response::new("order").into())
    }
}

const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
const TRACESTATE: &str = "congo=t61rcWkgMzE";
