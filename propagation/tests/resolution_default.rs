//! `extract` and `inject` without a global propagator, under different environments.
//!
//! The environment is read once per process, so the test runs itself in a process for each case. No
//! test here sets a global propagator.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::{env, process::Command, thread};

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use otel_propagation::{HeaderExtractor, HeaderInjector, extract, inject};

#[test]
fn w3c_formats_are_the_default() {
    if env::var_os(CHILD).is_some() {
        return forward();
    }
    assert_eq!(forwarded(None), "traceparent tracestate baggage");
    assert_eq!(forwarded(Some("")), "traceparent tracestate baggage");
}

#[test]
fn environment_selects_the_formats() {
    if env::var_os(CHILD).is_some() {
        return forward();
    }
    assert_eq!(forwarded(Some("baggage")), "baggage");
    assert_eq!(forwarded(Some("Tracecontext")), "traceparent tracestate");
}

#[test]
fn none_switches_propagation_off() {
    if env::var_os(CHILD).is_some() {
        return forward();
    }
    assert_eq!(forwarded(Some("none")), "");
}

/// The headers that a process with this environment sends, in their order.
fn forwarded(propagators: Option<&str>) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    let test = thread::current().name().unwrap().to_owned();
    command.args(["--exact", &test, "--nocapture"]);
    command.env(CHILD, "1");
    match propagators {
        Some(list) => command.env("OTEL_PROPAGATORS", list),
        None => command.env_remove("OTEL_PROPAGATORS"),
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .find_map(|line| line.strip_prefix(MARKER).map(str::to_owned))
        .unwrap()
}

/// Runs in the child process.
fn forward() {
    let mut received = HeaderMap::new();
    received.insert("traceparent", HeaderValue::from_static(PARENT));
    received.insert("tracestate", HeaderValue::from_static("foo=1"));
    received.insert("baggage", HeaderValue::from_static("a=1"));

    let context = extract(&Context::new(), &HeaderExtractor(&received));
    let mut sent = HeaderMap::new();
    inject(&context, &mut HeaderInjector(&mut sent));

    let names: Vec<_> = sent.keys().map(http::HeaderName::as_str).collect();
    println!("\n{MARKER}{}", names.join(" "));
}

const CHILD: &str = "RESOLUTION_TEST_CHILD";
const MARKER: &str = "forwarded: ";
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";
