//! The variables for certificates, with a receiver that shows a certificate and asks for one.

#![cfg(feature = "tls")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "helpers of tests fail by panicking, too"
)]

mod support;
#[path = "../../otlp/tests/support/tls.rs"]
mod tls;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use opentelemetry::global;
use opentelemetry::trace::Tracer;
use support::Behaviour;
use support::Collector;
use support::Roles;
use support::play;
use support::run;
use tls::Authority;
use tls::Terminator;

const ROLES: Roles = &[("service", service)];

#[test]
fn spans_arrive_where_both_sides_show_a_certificate() {
    play(ROLES);
    let authority = Authority::new();
    let file = |name: &str, contents: &str| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let roots = file("roots.pem", &authority.pem());
    let certificate = file("certificate.pem", &authority.certify(KEY));
    let key = file("key.pem", KEY);
    for protocol in ["grpc", "http/protobuf"] {
        for signal in ["", "TRACES_"] {
            let collector = Collector::start(Behaviour::Accept);
            let (receiver, alpn): (_, &[u8]) = match protocol {
                "grpc" => (&collector.grpc, b"h2"),
                _ => (&collector.http, b"http/1.1"),
            };
            let receiver: SocketAddr = receiver.rsplit('/').next().unwrap().parse().unwrap();
            let terminator = Terminator {
                authority: &authority,
                key: KEY,
                suite: None,
                asks_clients: true,
                protocol: alpn,
            };
            let (address, runtime) = terminator.start(receiver);
            let of_signal = |name: &str| format!("OTEL_EXPORTER_OTLP_{signal}{name}");
            run(
                "service",
                &[
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://{address}")),
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                    ("OTEL_METRICS_EXPORTER", "none"),
                    ("OTEL_LOGS_EXPORTER", "none"),
                    (&of_signal("CERTIFICATE"), &roots),
                    (&of_signal("CLIENT_CERTIFICATE"), &certificate),
                    (&of_signal("CLIENT_KEY"), &key),
                ],
            );
            runtime.shutdown_background();
            let received = collector.received();
            assert_eq!(received.spans().count(), 1, "{protocol} {signal}");
        }
    }
}

fn service() {
    let telemetry = otel_autoconfigure::init().unwrap();
    global::tracer("test").in_span("span", |_| {});
    telemetry.shutdown().unwrap();
}

// Made for these tests only.
const KEY: &str = include_str!("../../otlp/tests/keys/p256.pkcs8.pem");
