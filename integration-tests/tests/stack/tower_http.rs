//! The layers of tower-http inside and outside of ours: what the documentation says of their order.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use http::{HeaderName, HeaderValue, Request};
use integration_tests::apps::axum::Layered;
use integration_tests::contract::server::{Expected, Running};
use integration_tests::observed::{assert_nothing, only_point};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use otel_middleware_axum::{OtelLayer, ServerConfig};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;

/// Sends one request, checks status and telemetry, and returns the answer.
async fn check(
    (line, headers): (&str, &[&str]),
    status: u16,
    expected: &Expected,
    configure: impl FnOnce(ServerConfig) -> ServerConfig,
    layered: impl Fn(Router, OtelLayer) -> Router + Sync,
) -> String {
    let running = Running::configured(&Layered(layered), configure).await;
    let (client, answer) = running.ask(line, headers).await;
    let head = format!("HTTP/1.1 {status} ");
    assert!(answer.starts_with(&head), "{answer}");
    running.expect(client, expected).await;
    answer
}

fn defaults(config: ServerConfig) -> ServerConfig {
    config
}

const EXCEPTION: (&str, &[&str]) = ("GET /exception", &[]);

/// HS-07: the response is made inside, and counts as any other error.
#[tokio::test]
async fn a_panic_that_is_caught_inside_is_a_status() {
    let expected = Expected {
        status: Some(500),
        error: Some("500"),
        ..Expected::get("/exception")
    };
    check(EXCEPTION, 500, &expected, defaults, |app, otel| {
        app.layer(CatchPanicLayer::new()).layer(otel)
    })
    .await;
}

/// HS-07: the response is made outside, where the span does not see it.
#[tokio::test]
async fn a_panic_that_is_caught_outside_has_no_status() {
    let expected = Expected {
        status: None,
        error: Some("panic"),
        ..Expected::get("/exception")
    };
    check(EXCEPTION, 500, &expected, defaults, |app, otel| {
        app.layer(otel).layer(CatchPanicLayer::new())
    })
    .await;
}

const HANG: (&str, &[&str]) = ("GET /hang", &[]);

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(20))
}

#[tokio::test]
async fn a_timeout_inside_is_a_status() {
    let expected = Expected {
        status: Some(504),
        error: Some("504"),
        ..Expected::get("/hang")
    };
    check(HANG, 504, &expected, defaults, |app, otel| {
        app.layer(timeout()).layer(otel)
    })
    .await;
}

#[tokio::test]
async fn a_timeout_outside_cancels() {
    let expected = Expected {
        status: None,
        error: Some("cancelled"),
        ..Expected::get("/hang")
    };
    check(HANG, 504, &expected, defaults, |app, otel| {
        app.layer(otel).layer(timeout())
    })
    .await;
}

/// With compression inside, the size is that of the compressed body. With compression outside, it
/// is that of the handler's body. The answer is the same.
#[tokio::test]
async fn compression_is_measured_where_it_is_inside() {
    const SENT: usize = 10_000;
    type Order = fn(Router, OtelLayer) -> Router;
    let inside: Order = |app, otel| app.layer(CompressionLayer::new()).layer(otel);
    let outside: Order = |app, otel| app.layer(otel).layer(CompressionLayer::new());
    for (order, is_inside) in [(inside, true), (outside, false)] {
        let page = async || "x".repeat(SENT);
        let app =
            Layered(|app: Router, otel| order(app.route("/page", axum::routing::get(page)), otel));
        let running = Running::configured(&app, |config| config.body_sizes(true)).await;
        let headers = ["Accept-Encoding: gzip"];
        let (_, answer) = running.ask("GET /page", &headers).await;
        assert!(
            answer.contains("\r\ncontent-encoding: gzip\r\n"),
            "{answer}"
        );
        let capture = running.stop(1).await;
        let size = only_point(&capture, "http.server.response.body.size").sum;
        assert_eq!(size < 1_000.0, is_inside, "{size}");
        assert!(is_inside || size == SENT as f64, "{size}");
    }
}

fn files() -> ServeDir {
    ServeDir::new(env!("CARGO_MANIFEST_DIR"))
}

/// axum does not report where a service is mounted: the route is the wildcard's.
#[tokio::test]
async fn a_directory_has_a_route_behind_a_wildcard_only() {
    type Mount = fn(Router, OtelLayer) -> Router;
    let nested: Mount = |app, otel| app.nest_service("/src", files()).layer(otel);
    let wildcard: Mount = |app, otel| app.route_service("/src/{*path}", files()).layer(otel);
    let cases = [
        (nested, "/src/Cargo.toml", 200, None),
        (nested, "/src/none", 404, None),
        (wildcard, "/src/lib.rs", 200, Some("/src/{*path}")),
        (wildcard, "/src/none", 404, Some("/src/{*path}")),
    ];
    for (mount, path, status, route) in cases {
        let line = format!("GET {path}");
        let expected = Expected {
            name: route.map_or("GET".to_owned(), |route| format!("GET {route}")),
            route,
            status: Some(status),
            ..Expected::get(path)
        };
        check((&line, &[]), status, &expected, defaults, mount).await;
    }
}

const PREFLIGHT: (&str, &[&str]) = (
    "OPTIONS /success",
    &[
        "Origin: http://shop.example",
        "Access-Control-Request-Method: GET",
    ],
);

#[tokio::test]
async fn a_preflight_is_recorded_where_cors_is_inside() {
    let expected = Expected {
        name: "OPTIONS /success".to_owned(),
        method: "OPTIONS",
        ..Expected::get("/success")
    };
    check(PREFLIGHT, 200, &expected, defaults, |app, otel| {
        app.layer(CorsLayer::permissive()).layer(otel)
    })
    .await;
}

#[tokio::test]
async fn a_preflight_is_answered_unseen_where_cors_is_outside() {
    let cors = CorsLayer::permissive;
    assert_unseen(|app, otel| app.layer(otel).layer(cors())).await;
    // Here CORS has to create a body, which is of our type.
    assert_unseen(|app, otel| app.layer(ServiceBuilder::new().layer(cors()).layer(otel))).await;
}

async fn assert_unseen(layered: impl Fn(Router, OtelLayer) -> Router + Sync) {
    let running = Running::start(&Layered(layered)).await;
    let (line, headers) = PREFLIGHT;
    let (_, answer) = running.ask(line, headers).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_nothing(&running.stop(0).await);
}

#[derive(Clone, Copy)]
struct Numbered;

impl MakeRequestId for Numbered {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        Some(RequestId::new(HeaderValue::from_static("42")))
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The span has the request's id only if the id is set outside. The response has it if it is
/// propagated inside.
#[tokio::test]
async fn request_ids_are_set_outside_and_propagated_inside() {
    let list = |name: &'static str| {
        let value = Array::String(vec![StringValue::from("42")]);
        KeyValue::new(name, Value::Array(value))
    };
    let in_request = list("http.request.header.x-request-id");
    let in_response = list("http.response.header.x-request-id");
    let set = || SetRequestIdLayer::new(REQUEST_ID, Numbered);
    let propagate = || PropagateRequestIdLayer::new(REQUEST_ID);
    let capture = |config: ServerConfig| {
        config
            .capture_request_headers(["x-request-id"])
            .capture_response_headers(["x-request-id"])
    };
    let expected = |further_attributes: &[KeyValue]| Expected {
        further_attributes: further_attributes.to_vec(),
        ..Expected::get("/success")
    };
    let request = ("GET /success", &[][..]);

    let both = expected(&[in_request.clone(), in_response.clone()]);
    let answer = check(request, 200, &both, capture, |app, otel| {
        app.layer(propagate()).layer(otel).layer(set())
    });
    assert!(answer.await.contains("\r\nx-request-id: 42\r\n"));

    let only_request = expected(&[in_request]);
    let answer = check(request, 200, &only_request, capture, |app, otel| {
        app.layer(otel).layer(propagate()).layer(set())
    });
    assert!(answer.await.contains("\r\nx-request-id: 42\r\n"));

    let only_response = expected(&[in_response]);
    let answer = check(request, 200, &only_response, capture, |app, otel| {
        app.layer(propagate()).layer(set()).layer(otel)
    });
    assert!(answer.await.contains("\r\nx-request-id: 42\r\n"));
}
