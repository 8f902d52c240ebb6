//! What the options of a server do.

use std::borrow::Cow;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::Sampler;
use otel_instrumentation::testing::Capture;
use otel_instrumentation::{Providers, Scheme, ServerConfig, Trust};

use super::propagation::{remote, traceparent};
use super::{Expected, Running, ServerApp};
use crate::observed::{assert_nothing, labels, only_point};
use crate::wire::{Socket, exchange};

/// HS-10: the listed headers are recorded as lists with all their values, and no others are.
pub async fn captured_headers_are_lists(app: &impl ServerApp) {
    let running = Running::configured(app, |config| {
        config
            .capture_request_headers(["X-Test-*"])
            .capture_response_headers(["x-test-response", "x-absent"])
    })
    .await;
    let headers = ["X-Test-Request: one", "x-test-request: two", "Other: no"];
    let (client, answer) = running.ask("GET /captureHeaders", &headers).await;
    assert!(
        answer.contains("\r\nx-test-response: one\r\nx-test-response: two\r\n"),
        "{answer}"
    );
    let expected = Expected {
        further_attributes: vec![
            list("http.request.header.x-test-request", ["one", "two"]),
            list("http.response.header.x-test-response", ["one", "two"]),
        ],
        ..Expected::get("/captureHeaders")
    };
    running.expect(client, &expected).await;
}

fn list<const N: usize>(name: &'static str, values: [&'static str; N]) -> KeyValue {
    let values = values.map(StringValue::from).to_vec();
    KeyValue::new(name, Value::Array(Array::String(values)))
}

/// HS-22: nothing is recorded, and the handler sees what the client sent.
pub async fn a_filtered_request_only_passes_its_context_on(app: &impl ServerApp) {
    let running =
        Running::configured(app, |config| config.filter(|it| it.path != "/context")).await;
    let headers = [&*traceparent(0x456, 1), "baggage: tenant=acme"];
    let (_, answer) = running.ask("GET /context", &headers).await;
    let sent = remote(0x456);
    let seen = format!("{}-{} remote tenant=acme", sent.trace_id(), sent.span_id());
    assert!(answer.ends_with(&seen), "{answer}");
    assert_nothing(&running.stop(0).await);
}

/// HS-22: neither the request nor the spans of its handler are recorded.
pub async fn a_suppressed_request_leaves_nothing_behind(app: &impl ServerApp) {
    let running =
        Running::configured(app, |config| config.suppress(|it| it.path == "/child")).await;
    let headers = [&*traceparent(0x456, 1)];
    let (_, answer) = running.ask("GET /child?id=7", &headers).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_nothing(&running.stop(0).await);
}

/// HS-23: a public endpoint begins its own trace and links to the caller's.
pub async fn a_public_endpoint_links_instead_of_continuing(app: &impl ServerApp) {
    for is_public in [true, false] {
        let running = Running::configured(app, |config| {
            config.public_endpoint(move |it| is_public && it.path == "/success")
        })
        .await;
        let (client, _) = running.ask("GET /success", &[&traceparent(0x456, 1)]).await;
        let sent = remote(0x456);
        let expected = Expected {
            parent: (!is_public).then(|| sent.clone()),
            links: if is_public {
                vec![sent.clone()]
            } else {
                Vec::new()
            },
            ..Expected::get("/success")
        };
        let span = running.expect(client, &expected).await;
        assert_eq!(span.span_context.trace_id() == sent.trace_id(), !is_public);
    }
}

/// HS-25: a name that the user set stays, even if the framework finds a route.
pub async fn a_custom_span_name_stays(app: &impl ServerApp) {
    let running = Running::configured(app, |config| {
        config.span_name(|it| (it.path == "/success").then_some(Cow::Borrowed("hello")))
    })
    .await;
    let (client, _) = running.ask("GET /success", &[]).await;
    let expected = Expected {
        name: "hello".to_owned(),
        ..Expected::get("/success")
    };
    running.expect(client, &expected).await;
}

/// HS-30: the hook chooses the labels, and sees the incoming baggage.
pub async fn further_attributes_go_where_the_hook_says(app: &impl ServerApp) {
    let running = Running::configured(app, |config| {
        config.attributes(|it, attributes| {
            attributes.span(KeyValue::new("test.path", it.path.to_owned()));
            if let Some(tenant) = Context::current().baggage().get("tenant") {
                attributes.span(KeyValue::new("test.tenant", tenant.clone()));
            }
            attributes.metric(KeyValue::new("test.label", "metric"));
            attributes.both(KeyValue::new("test.both", true));
        })
    })
    .await;
    let headers = ["baggage: tenant=acme"];
    let (client, _) = running.ask("GET /success", &headers).await;
    let both = KeyValue::new("test.both", true);
    let expected = Expected {
        further_attributes: vec![
            KeyValue::new("test.path", "/success"),
            KeyValue::new("test.tenant", "acme"),
            both.clone(),
        ],
        further_labels: vec![KeyValue::new("test.label", "metric"), both],
        ..Expected::get("/success")
    };
    running.expect(client, &expected).await;
}

/// The hook sees the request and the response, adds to the span or to the metrics, and may say that
/// an outcome is no error. If the body fails afterwards, that is still an error.
pub async fn the_hook_of_the_response_has_the_last_word(app: &impl ServerApp) {
    let cases = [
        ("GET /success", 200, None),
        ("GET /error-status", 500, None),
        ("GET /endless", 200, None),
        ("GET /broken", 200, Some("body")),
    ];
    for (line, status, error) in cases {
        println!("{line}");
        let running = Running::configured(app, |config| {
            config.response_attributes(|request, response, attributes| {
                attributes.span(KeyValue::new("test.path", request.path.to_owned()));
                attributes.metric(KeyValue::new("test.label", i64::from(response.status)));
                attributes.expected();
            })
        })
        .await;
        let mut socket = Socket::connect(running.address()).await;
        let client = socket.address();
        socket.send(super::request(line, &[])).await;
        socket.read_until("\r\n\r\n").await;
        if line == "GET /endless" {
            drop(socket);
        } else {
            socket.read_to_end().await;
        }
        let (_, path) = line.split_once(' ').expect("method and path");
        let is_broken = error.is_some();
        let expected = Expected {
            status: Some(status),
            error,
            message: if is_broken {
                app.differences().body_error_message
            } else {
                ""
            },
            further_attributes: vec![KeyValue::new("test.path", path)],
            further_labels: vec![KeyValue::new("test.label", i64::from(status))],
            ..Expected::get(path)
        };
        running.expect(client, &expected).await;
    }
}

/// HS-29: sizes are those of the bodies as they were sent, however the bodies end.
pub async fn body_sizes_are_measured_on_request(app: &impl ServerApp) {
    let head = |size| format!("Content-Length: {size}\r\n\r\n{}", "x".repeat(size));
    let cases = [
        ("POST /echo", Some(5), Some(5)),
        ("POST /echo", Some(0), Some(0)),
        ("GET /chunks", None, Some(13)),
        ("GET /known-length", None, Some(8)),
        ("GET /empty", None, Some(0)),
        ("HEAD /success", None, Some(0)),
    ];
    for (line, sent, received) in cases {
        println!("{line}");
        let running = Running::configured(app, |config| config.body_sizes(true)).await;
        let text = super::request(line, &[]);
        let text = match sent {
            Some(size) => text.trim_end().to_owned() + "\r\n" + &head(size),
            None => text,
        };
        let (client, _) = exchange(running.address(), text).await;
        let (method, path) = line.split_once(' ').expect("method and path");
        let size = |name: &'static str, size: Option<usize>| {
            size.map(|size| KeyValue::new(name, size as i64))
        };
        let expected = Expected {
            name: line.to_owned(),
            method,
            further_attributes: [
                size("http.request.body.size", sent),
                size("http.response.body.size", received),
            ]
            .into_iter()
            .flatten()
            .collect(),
            ..Expected::get(path)
        };
        let capture = running.capture.clone();
        running.expect(client, &expected).await;
        for (metric, size) in [
            ("http.server.request.body.size", sent),
            ("http.server.response.body.size", received),
        ] {
            let points = capture.points(metric);
            let sums: Vec<_> = points.iter().map(|point| point.sum as usize).collect();
            assert_eq!(sums, Vec::from_iter(size), "{metric}");
        }
    }
}

/// HSU-08: forwarding headers are trusted as far as the configuration says, in all places alike.
pub async fn forwarded_headers_are_believed_as_configured(app: &impl ServerApp) {
    const STANDARD: &[&str] = &[
        "Forwarded: for=192.0.2.1;host=spoofed.example;proto=http",
        "Forwarded: for=\"[2001:db8::7]:4711\";host=\"outer.example:8443\";proto=https",
    ];
    const LEGACY: &[&str] = &[
        "X-Forwarded-For: 1.1.1.1, 2.2.2.2",
        "X-Forwarded-Host: spoofed.example, outer.example:8443",
        "X-Forwarded-Proto: http, https",
    ];
    let direct = || Expected::get("/success");
    let through = |client, host, port, scheme| Expected {
        client,
        server: Some((host, port)),
        scheme,
        ..Expected::get("/success")
    };
    let cases = [
        (Trust::None, STANDARD, direct()),
        (Trust::None, LEGACY, direct()),
        (
            Trust::Hops(1),
            STANDARD,
            through("2001:db8::7", "outer.example", Some(8443), "https"),
        ),
        (
            Trust::Hops(1),
            LEGACY,
            through("2.2.2.2", "outer.example", Some(8443), "https"),
        ),
        (
            Trust::All,
            STANDARD,
            through("192.0.2.1", "spoofed.example", None, "http"),
        ),
        (
            Trust::All,
            LEGACY,
            through("1.1.1.1", "spoofed.example", None, "http"),
        ),
    ];
    for (trust, headers, expected) in cases {
        println!("{trust:?} {headers:?}");
        let running = Running::configured(app, |config| config.trust_forwarded(trust)).await;
        let (client, _) = running.ask("GET /success", headers).await;
        running.expect(client, &expected).await;
    }
}

/// A server behind its own TLS acceptor sets the scheme for requests that have none.
pub async fn the_scheme_can_be_configured(app: &impl ServerApp) {
    let running = Running::configured(app, |config| config.scheme(Scheme::Https)).await;
    let (client, _) = running.ask("GET /success", &[]).await;
    let expected = Expected {
        scheme: "https",
        ..Expected::get("/success")
    };
    running.expect(client, &expected).await;
}

/// The host of a request to a Unix socket is made up.
pub async fn a_unix_socket_is_the_address_of_its_server(app: &impl ServerApp) {
    let running = Running::configured(app, |config| config.unix_socket("/run/shop.sock")).await;
    let (client, _) = running.ask("GET /success", &[]).await;
    let expected = Expected {
        server: Some(("/run/shop.sock", None)),
        ..Expected::get("/success")
    };
    running.expect(client, &expected).await;
}

/// An unsampled parent: there is no span, and the request is measured as any other.
pub async fn an_unsampled_request_is_still_measured(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (_, answer) = running.ask("GET /context", &[&traceparent(0x456, 0)]).await;
    let trace = remote(0x456).trace_id().to_string();
    assert!(
        answer.contains(&trace) && answer.ends_with(" local"),
        "{answer}"
    );
    let capture = running.stop(0).await;
    assert_eq!(capture.spans(), []);
    let expected = Expected::get("/context");
    let point = only_point(&capture, "http.server.request.duration");
    assert_eq!((point.count, point.labels), (1, labels(&expected.labels())));
}

/// A sampler sees the attributes that the conventions want it to see. What it drops is not
/// recorded.
pub async fn nothing_is_recorded_where_nothing_is_sampled(app: &impl ServerApp) {
    let capture = Capture::with_sampler(Sampler::AlwaysOff);
    let config = ServerConfig::new().providers(capture.providers());
    let running = Running::with(app, capture, config).await;
    let (_, answer) = running.ask("GET /success", &[]).await;
    assert!(answer.ends_with("success"), "{answer}");
    let capture = running.stop(0).await;
    assert_eq!(capture.spans(), []);
    assert_eq!(
        only_point(&capture, "http.server.request.duration").count,
        1
    );
}

/// HS-33: without an SDK the request is served as usual, and the caller's context passes through.
pub async fn without_an_sdk_the_context_passes_through(app: &impl ServerApp) {
    let providers = Providers::new(NoopTracerProvider::new(), NoopMeterProvider::new());
    let config = ServerConfig::new().providers(providers);
    let running = Running::with(app, Capture::new(), config).await;
    let (_, answer) = running.ask("GET /context", &[&traceparent(0x456, 1)]).await;
    let sent = remote(0x456);
    let seen = format!("{}-{} remote", sent.trace_id(), sent.span_id());
    assert!(answer.ends_with(&seen), "{answer}");
    assert_nothing(&running.stop(0).await);
}
