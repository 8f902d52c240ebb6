//! Any bytes on the wire lead to an answer, a valid span, and labels from a bounded set.

#![allow(clippy::expect_used)]

use std::collections::HashMap;

use integration_tests::apps::axum::Axum;
use integration_tests::contract::server::Running;
use integration_tests::observed::{only_point, spans_of};
use integration_tests::semconv;
use integration_tests::wire::exchange;
use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind};
use otel_instrumentation::testing::{Capture, Point};
use otel_instrumentation::{
    ClientConfig, HttpClientInstrumentation, HttpServerInstrumentation, Request, Response,
    ServerConfig, Trust, instrumentation_scope,
};
use proptest::collection::{hash_map, vec};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};

/// Whether the server parses the request. A request that it rejects reaches no middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Served,
    Rejected,
}
use Fate::{Rejected, Served};

const PARENT: &str = "00-00000000000000000000000000000123-0000000000000456-01";

/// Requests for `/success` with one bad header each.
fn headers() -> Vec<(Fate, Vec<u8>)> {
    let line = |name: &str, value: &[u8]| [name.as_bytes(), b": ", value, b"\r\n"].concat();
    let mut cases = vec![
        (
            Served,
            [
                line("traceparent", PARENT.as_bytes()),
                line("traceparent", PARENT.as_bytes()),
            ]
            .concat(),
        ),
        (
            Served,
            line(
                "traceparent",
                PARENT.to_uppercase().replace("123", "ABC").as_bytes(),
            ),
        ),
        (Served, line("traceparent", format!("{PARENT}-").as_bytes())),
        (
            Served,
            line("traceparent", &PARENT.replace("00-", "ff-").into_bytes()),
        ),
        (Served, line("baggage", &b"key=value,".repeat(2000))),
        (Served, line("baggage", b"=,;;=,key=%ff%zz%,\"")),
        (Served, line("tracestate", &b"a=1,".repeat(100))),
        (Rejected, line("traceparent", b"00-\0")),
        (Rejected, line("user-agent", b"line\x0bfeed")),
        (Rejected, line("bad name", b"value")),
        (Rejected, line("x-long", &b"x".repeat(1_000_000))),
    ];
    let names = [
        "traceparent",
        "tracestate",
        "baggage",
        "user-agent",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    ];
    let values: [&[u8]; 14] = [
        b"",
        b" ",
        b"\xff\xfe\x80",
        "\u{e4}\u{1f980}".as_bytes(),
        b"00-00000000000000000000000000000000-0000000000000000-00",
        b"00-+0000000000000000000000000000123-+000000000000456-01",
        b",,,;;;===\"\"\"",
        b"for=\"[::1;host=\"a\\\"b\";proto=\"",
        b"for=_hidden;host=@;proto=javascript",
        b"for=999.999.999.999, [::1]:99999",
        b"a:b:c:d",
        b"host:99999999999999999999",
        b"%00%ff",
        b"\t\t,\t\t",
    ];
    for name in names {
        cases.extend(values.map(|value| (Served, line(name, value))));
        cases.push((Served, line(name, &b"x".repeat(20_000))));
        cases.push((Served, line(name, &b"\xff".repeat(20_000))));
    }
    cases
}

/// All parts of a request but its headers. Most of these name no route of the application.
fn heads() -> Vec<(Fate, Vec<u8>)> {
    let request = |line: &[u8], host: &[u8]| {
        [line, b"\r\nHost: ", host, b"\r\nConnection: close\r\n\r\n"].concat()
    };
    let hosts: [&[u8]; 8] = [
        b"",
        b"\xff\xff",
        b"a b",
        b"user:secret@shop.example",
        b"[::1",
        b"[::1]:99999",
        b"shop.example:+80",
        b"\"<script>\"",
    ];
    let mut cases: Vec<_> = hosts
        .map(|host| (Served, request(b"GET /success HTTP/1.1", host)))
        .into();
    let long = [b"GET /", "x".repeat(10_000).as_bytes(), b" HTTP/1.1"].concat();
    let too_long = [b"GET /", "x".repeat(100_000).as_bytes(), b" HTTP/1.1"].concat();
    let served: [&[u8]; 14] = [
        b"GET http://shop.example:99999/success HTTP/1.1",
        b"!#$%&'*+-.^_`|~ /success HTTP/1.1",
        b"get /success HTTP/1.1",
        b"AVERYLONGMETHODNAMETHATNOBODYEVERHEARDOFANDTHATGOESONANDON /success HTTP/1.1",
        b"GET //success HTTP/1.1",
        b"GET /%ff%00%zz HTTP/1.1",
        b"GET /success? HTTP/1.1",
        b"GET /success?sig=secret&&=&sig HTTP/1.1",
        b"GET /success?a=b?c#d HTTP/1.1",
        b"GET JavaScript://shop.example/success HTTP/1.1",
        b"GET http://user:secret@shop.example:99/success HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT shop.example:443 HTTP/1.1",
        &long,
    ];
    cases.extend(served.map(|line| (Served, request(line, b"shop.example"))));
    let rejected: [&[u8]; 5] = [
        b"GET /\xff HTTP/1.1",
        b"GET / HTTP/9.9",
        b"G\x00T / HTTP/1.1",
        b"\x16\x03\x01\x02\x00",
        &too_long,
    ];
    cases.extend(rejected.map(|line| (Rejected, request(line, b"shop.example"))));
    cases.push((
        Served,
        b"GET /success HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_vec(),
    ));
    cases.push((Served, b"GET /success HTTP/1.0\r\n\r\n".to_vec()));
    cases
}

#[tokio::test]
async fn bad_bytes_make_sound_spans() {
    let headers = headers().into_iter().map(|(fate, header)| {
        let line = b"GET /success HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n";
        (fate, [line, &*header, b"\r\n"].concat())
    });
    let cases: Vec<_> = headers.chain(heads()).collect();
    for trust in [Trust::None, Trust::All] {
        let running = Running::configured(&Axum, |config| {
            config
                .trust_forwarded(trust)
                .capture_request_headers(["*"])
                .body_sizes(true)
        })
        .await;
        let mut served = 0;
        for (fate, bytes) in &cases {
            let (_, answer) = exchange(running.address(), bytes).await;
            let start = String::from_utf8_lossy(bytes.get(..60).unwrap_or(bytes));
            let refused = ["", "HTTP/1.1 400 ", "HTTP/1.1 414 ", "HTTP/1.1 431 "]
                .iter()
                .any(|it| {
                    if it.is_empty() {
                        answer.is_empty()
                    } else {
                        answer.starts_with(it)
                    }
                });
            assert_eq!(refused, *fate == Rejected, "{start:?}: {answer}");
            served += usize::from(*fate == Served);
        }
        let capture = running.stop(served).await;
        for span in spans_of(&capture, SpanKind::Server, served).await {
            assert_eq!(span.parent_span_id, SpanId::INVALID, "{span:#?}");
            // Headers are recorded unchanged, if that is asked for.
            let mut own = span.attributes.iter();
            let leak = own.find(|it| {
                !it.key.as_str().starts_with("http.request.header.")
                    && it.value.to_string().contains("secret")
            });
            assert_eq!(leak, None);
        }
        assert_bounded(&capture.points("http.server.request.duration"));
    }
}

/// Every label has one of a few values, whatever clients send.
fn assert_bounded(points: &[Point]) {
    let known = [
        (
            "http.request.method",
            &["GET", "OPTIONS", "CONNECT", "_OTHER"][..],
        ),
        ("url.scheme", &["http", "https"]),
        ("http.route", &["/success"]),
        ("network.protocol.version", &["1.0", "1.1"]),
    ];
    for (name, value) in points.iter().flat_map(|point| &point.labels) {
        if let Value::I64(status) = value {
            assert!([200, 404, 405].contains(status), "{name} {status}");
            continue;
        }
        let (_, values) = known.iter().find(|it| it.0 == name).expect("a known label");
        assert!(values.contains(&&*value.as_str()), "{name} is {value}");
    }
}

/// Everything that a framework could say of a request.
#[derive(Clone, Debug)]
struct Facts {
    method: String,
    scheme: Option<String>,
    authority: Option<String>,
    path: String,
    query: Option<String>,
    template: Option<&'static str>,
    headers: HashMap<String, String>,
    status: u16,
}

impl Facts {
    fn any() -> impl Strategy<Value = Self> {
        let text = || {
            prop_oneof![
                any::<String>(),
                "[ -~]{0,40}",
                vec(
                    prop_oneof![
                        Just("for="),
                        Just("host="),
                        Just("proto="),
                        Just("\""),
                        Just("["),
                        Just("]"),
                        Just(":"),
                        Just(";"),
                        Just(","),
                        Just("1"),
                        Just("a"),
                        Just("@"),
                        Just("http"),
                        Just("%"),
                        Just("&"),
                        Just("sig="),
                        Just("#"),
                        Just("?")
                    ],
                    0..12
                )
                .prop_map(|parts| parts.concat()),
            ]
        };
        let name = prop_oneof![
            Just("traceparent"),
            Just("tracestate"),
            Just("baggage"),
            Just("host"),
            Just("user-agent"),
            Just("forwarded"),
            Just("x-forwarded-for"),
            Just("x-forwarded-host"),
            Just("x-forwarded-proto"),
            Just("x-other"),
        ];
        let optional = || proptest::option::of(text());
        let headers = hash_map(name.prop_map(str::to_owned), text(), 0..6);
        let template = prop_oneof![Just(None), Just(Some("")), Just(Some("/users/{id}"))];
        let method = prop_oneof![Just("GET".to_owned()), "\\PC{1,20}", "[!-~]{1,20}"];
        let target = (method, optional(), optional(), text(), optional());
        (target, template, any::<u16>(), headers).prop_map(|(target, template, status, headers)| {
            let (method, scheme, authority, path, query) = target;
            Self {
                method,
                scheme,
                authority,
                path: format!("/{path}"),
                query,
                template,
                status,
                headers,
            }
        })
    }

    fn request(&self) -> Request<'_> {
        Request::new(&self.method, &self.path, &self.headers)
            .scheme(self.scheme.as_deref())
            .authority(self.authority.as_deref())
            .query(self.query.as_deref())
            .template(self.template)
            .version("1.1")
    }

    fn response(&self) -> Response<'_> {
        Response::new(self.status, &self.headers)
    }
}

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: 500,
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn arbitrary_facts_make_sound_server_spans() {
    let capture = Capture::new();
    let config = ServerConfig::new()
        .providers(capture.providers())
        .trust_forwarded(Trust::All)
        .public_endpoint(|request| request.path.len() % 2 == 0)
        .capture_request_headers(["*"])
        .capture_response_headers(["x-*"])
        .active_requests(true)
        .body_sizes(true);
    let server = HttpServerInstrumentation::new(instrumentation_scope("bad-input", "0"), config);
    let run = runner().run(&Facts::any(), |facts| {
        let mut operation = server.start(&facts.request());
        operation.record_response(&facts.response());
        operation.finish();
        Ok(())
    });
    run.expect("no panic");
    semconv::check(&capture);
    assert_eq!(capture.spans().len(), 500);
    let methods = ["GET", "_OTHER"];
    for point in capture.points("http.server.active_requests") {
        assert_eq!(point.sum, 0.0);
        let method = point.labels["http.request.method"].to_string();
        assert!(methods.contains(&&*method), "{method}");
        let scheme = point.labels["url.scheme"].to_string();
        assert!(["http", "https"].contains(&&*scheme), "{scheme}");
    }
}

/// A client has to know at least the server of a request.
#[test]
fn arbitrary_facts_make_sound_client_spans() {
    for is_sound in [true, false] {
        let capture = Capture::new();
        let config = ClientConfig::new()
            .providers(capture.providers())
            .capture_request_headers(["*"])
            .active_requests(true);
        let client =
            HttpClientInstrumentation::new(instrumentation_scope("bad-input", "0"), config);
        let run = runner().run(&Facts::any(), |facts| {
            let mut request = facts.request();
            if is_sound {
                request.scheme = Some("http");
                request.authority = Some("shop.example");
            }
            let mut headers = facts.headers.clone();
            let mut operation = client.start(&request);
            operation.inject(&mut headers);
            operation.record_response(&facts.response());
            operation.finish();
            Ok(())
        });
        run.expect("no panic");
        assert_eq!(capture.spans().len(), 500);
        if is_sound {
            semconv::check(&capture);
        }
    }
}

/// HS-38: nobody can make a time series by inventing a method, a scheme, a host or a path.
#[test]
fn a_thousand_inventions_are_one_series() {
    let capture = Capture::new();
    let config = ServerConfig::new()
        .providers(capture.providers())
        .trust_forwarded(Trust::All)
        .active_requests(true);
    let server = HttpServerInstrumentation::new(instrumentation_scope("bad-input", "0"), config);
    for invention in 0..1000 {
        let text = format!("x{invention}");
        let headers = [
            "host",
            "forwarded",
            "x-forwarded-host",
            "x-forwarded-proto",
            "user-agent",
        ]
        .map(|name| (name.to_owned(), text.clone()));
        let headers = HashMap::from(headers);
        let request = Request::new(&text, &text, &headers)
            .scheme(&*text)
            .authority(&*text)
            .query(&*text)
            .version("1.1");
        let mut operation = server.start(&request);
        operation.record_response(&Response::new(404, &headers));
        operation.finish();
    }
    assert_eq!(
        only_point(&capture, "http.server.request.duration").count,
        1000
    );
    assert_eq!(only_point(&capture, "http.server.active_requests").sum, 0.0);
    semconv::check(&capture);
}
