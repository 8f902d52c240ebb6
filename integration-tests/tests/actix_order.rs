//! The order of middlewares, as in the table of the crate's README.

#![allow(clippy::expect_used)]

use std::fmt;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::middleware::{
    Compress, ErrorHandlerResponse, ErrorHandlers, Next, NormalizePath, from_fn,
};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, ResponseError, web};
use integration_tests::actix_app;
use integration_tests::contract::server::{Expected, Running, ServerApp};
use integration_tests::observed::{assert_nothing, only_point};
use integration_tests::wire::exchange;
use opentelemetry::KeyValue;
use otel_instrumentation::ErrorType;

/// Sends one request, checks status and telemetry, and returns the answer. The answer tells its
/// caller the span, also if it is made of an error.
async fn check(app: &impl ServerApp, line: &str, status: u16, expected: &Expected) -> String {
    let answer = check_telemetry(app, line, status, expected).await;
    assert!(answer.contains("server-timing: trace;desc="), "{answer}");
    answer
}

async fn check_telemetry(
    app: &impl ServerApp,
    line: &str,
    status: u16,
    expected: &Expected,
) -> String {
    let running = Running::configured(app, |it| it.body_sizes(true).server_timing(true)).await;
    let (client, answer) = running.ask(line, &["Accept-Encoding: gzip"]).await;
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    running.expect(client, expected).await;
    answer
}

fn with_size(size: i64, expected: Expected) -> Expected {
    Expected {
        further_attributes: vec![KeyValue::new("http.response.body.size", size)],
        ..expected
    }
}

fn unrouted(path: &'static str) -> Expected {
    Expected {
        name: "GET".to_owned(),
        route: None,
        ..Expected::get(path)
    }
}

#[tokio::test]
async fn normalize_path_inside_leaves_the_path_as_it_was_sent() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(NormalizePath::trim())
        .wrap(otel)
        .route("/users", web::get().to(HttpResponse::Ok)));
    let expected = Expected {
        name: "GET /users".to_owned(),
        route: Some("/users"),
        ..Expected::get("//users/")
    };
    check(&app, "GET //users/", 200, &with_size(0, expected)).await;
}

#[tokio::test]
async fn normalize_path_outside_shows_the_normalized_path() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .wrap(NormalizePath::trim())
        .route("/users", web::get().to(HttpResponse::Ok)));
    let expected = with_size(0, Expected::get("/users"));
    check(&app, "GET //users/", 200, &expected).await;
}

const TEXT: &str = "one two three four five six seven eight nine ten";

async fn text() -> &'static str {
    TEXT
}

#[tokio::test]
async fn compress_inside_is_measured_compressed() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(Compress::default())
        .wrap(otel)
        .route("/text", web::get().to(text)));
    let running = Running::configured(&app, |config| config.body_sizes(true)).await;
    let sent = reqwest::Client::new()
        .get(format!("http://{}/text", running.address()))
        .header("accept-encoding", "gzip")
        .send();
    let answer = sent.await.expect("an answer");
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let compressed = answer.bytes().await.expect("a body").len();

    let capture = running.stop(1).await;
    let point = only_point(&capture, "http.server.response.body.size");
    assert_eq!(point.sum, compressed as f64);
}

/// The length that the handler announced is ignored.
#[tokio::test]
async fn compress_inside_of_an_announced_length_is_complete() {
    let announced = || async {
        HttpResponse::Ok()
            .no_chunking(4_000)
            .body("a".repeat(4_000))
    };
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(Compress::default())
        .wrap(otel)
        .route("/text", web::get().to(announced)));
    let running = Running::start(&app).await;
    let (client, answer) = running.ask("GET /text", &["Accept-Encoding: gzip"]).await;
    assert!(
        answer.contains("transfer-encoding: chunked\r\n"),
        "{answer}"
    );
    running.expect(client, &Expected::get("/text")).await;
}

#[tokio::test]
async fn compress_outside_is_measured_before() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .wrap(Compress::default())
        .route("/text", web::get().to(text)));
    let expected = with_size(TEXT.len() as i64, Expected::get("/text"));
    let answer = check(&app, "GET /text", 200, &expected).await;
    assert!(answer.contains("content-encoding: gzip\r\n"), "{answer}");
}

fn unavailable<B>(mut response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    *response.response_mut().status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    Ok(ErrorHandlerResponse::Response(
        response.map_into_left_body(),
    ))
}

async fn missing() -> HttpResponse {
    HttpResponse::NotFound().finish()
}

#[tokio::test]
async fn error_handlers_inside_decide_the_status() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(ErrorHandlers::new().handler(StatusCode::NOT_FOUND, unavailable))
        .wrap(otel)
        .route("/missing", web::get().to(missing)));
    let expected = Expected {
        status: Some(503),
        error: Some("503"),
        ..Expected::get("/missing")
    };
    check(&app, "GET /missing", 503, &with_size(0, expected)).await;
}

#[tokio::test]
async fn error_handlers_outside_come_too_late() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .wrap(ErrorHandlers::new().handler(StatusCode::NOT_FOUND, unavailable))
        .route("/missing", web::get().to(missing)));
    let expected = Expected {
        status: Some(404),
        ..Expected::get("/missing")
    };
    check(&app, "GET /missing", 503, &with_size(0, expected)).await;
}

fn replaced<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let response = response.map_body(|_, _| "not here either");
    Ok(ErrorHandlerResponse::Response(
        response.map_into_boxed_body().map_into_right_body(),
    ))
}

/// The middleware cannot tell a body that was dropped here from one that the client did not wait
/// for.
#[tokio::test]
async fn a_body_that_is_replaced_outside_counts_as_cancelled() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .wrap(ErrorHandlers::new().handler(StatusCode::NOT_FOUND, replaced))
        .route(
            "/missing",
            web::get().to(|| async { HttpResponse::NotFound().body("not here") })
        ));
    let expected = Expected {
        status: Some(404),
        error: Some("cancelled"),
        ..Expected::get("/missing")
    };
    let answer = check(&app, "GET /missing", 404, &with_size(0, expected)).await;
    assert!(answer.ends_with("not here either"), "{answer}");
}

#[derive(Debug)]
struct Overloaded(StatusCode);

impl fmt::Display for Overloaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("too much to do")
    }
}

impl ResponseError for Overloaded {
    fn status_code(&self) -> StatusCode {
        self.0
    }
}

/// Answers some paths itself, with a response or an error, and passes on all others.
async fn refuse(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match request.path() {
        "/unauthorized" => {
            let response = HttpResponse::Unauthorized().body("who are you?");
            Ok(request.into_response(response).map_into_right_body())
        }
        "/overloaded" => Err(Overloaded(StatusCode::SERVICE_UNAVAILABLE).into()),
        "/forbidden" => Err(Overloaded(StatusCode::FORBIDDEN).into()),
        _ => Ok(next.call(request).await?.map_into_left_body()),
    }
}

#[tokio::test]
async fn an_answer_of_a_middleware_inside_is_recorded() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(from_fn(refuse))
        .wrap(otel)
        .route("/unauthorized", web::get().to(HttpResponse::Ok))
        .route("/text", web::get().to(text)));
    let unauthorized = Expected {
        status: Some(401),
        ..unrouted("/unauthorized")
    };
    let expected = with_size(12, unauthorized);
    check(&app, "GET /unauthorized", 401, &expected).await;
    let expected = with_size(TEXT.len() as i64, Expected::get("/text"));
    check(&app, "GET /text", 200, &expected).await;
}

/// The body cannot be followed, so no size is known.
#[tokio::test]
async fn an_error_of_a_middleware_inside_is_recorded_as_it_asks() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(from_fn(refuse))
        .wrap(otel)
        .route("/overloaded", web::get().to(HttpResponse::Ok)));
    let overloaded = Expected {
        status: Some(503),
        error: Some("503"),
        message: "too much to do",
        ..Expected::get("/overloaded")
    };
    let answer = check(&app, "GET /overloaded", 503, &overloaded).await;
    assert!(answer.ends_with("too much to do"), "{answer}");

    let forbidden = Expected {
        status: Some(403),
        ..unrouted("/forbidden")
    };
    // No resource has this path.
    check(&app, "GET /forbidden", 403, &forbidden).await;
}

/// Only its response has a status, which actix allows.
#[derive(Debug)]
struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not here")
    }
}

impl ResponseError for Absent {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::NotFound().body("see elsewhere")
    }
}

/// Has errors whose answer differs from their `status_code`, or that can answer only once.
async fn fail(
    request: ServiceRequest,
    _: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    Err(match request.path() {
        "/absent" => Absent.into(),
        "/declined" => {
            let mut response = HttpResponse::PaymentRequired().body("no money");
            response.extensions_mut().insert(ErrorType("card_declined"));
            InternalError::from_response("declined", response).into()
        }
        _ => {
            let response = HttpResponse::BadGateway().body("all of the page");
            InternalError::from_response("no answer", response).into()
        }
    })
}

#[tokio::test]
async fn an_error_of_a_middleware_inside_is_recorded_as_it_is_answered() {
    let app = actix_app!(|otel, _controller| App::new().wrap(from_fn(fail)).wrap(otel));
    let absent = Expected {
        status: Some(404),
        ..unrouted("/absent")
    };
    let answer = check(&app, "GET /absent", 404, &absent).await;
    assert!(answer.ends_with("see elsewhere"), "{answer}");

    let declined = Expected {
        status: Some(402),
        error: Some("card_declined"),
        message: "declined",
        ..unrouted("/declined")
    };
    let answer = check(&app, "GET /declined", 402, &declined).await;
    assert!(answer.ends_with("no money"), "{answer}");

    let unanswered = Expected {
        status: Some(502),
        error: Some("502"),
        message: "no answer",
        ..unrouted("/unanswered")
    };
    let answer = check(&app, "GET /unanswered", 502, &unanswered).await;
    assert!(answer.ends_with("all of the page"), "{answer}");
}

/// Replaces an inner error with its own.
async fn apologise(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let answer = next.call(request).await;
    answer.map_err(|_| InternalError::new("sorry", StatusCode::ACCEPTED).into())
}

#[tokio::test]
async fn an_error_that_is_replaced_further_out_is_recorded_as_it_asks() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(from_fn(refuse))
        .wrap(otel)
        .wrap(from_fn(apologise)));
    let overloaded = Expected {
        status: Some(503),
        error: Some("503"),
        message: "too much to do",
        ..unrouted("/overloaded")
    };
    let answer = check_telemetry(&app, "GET /overloaded", 202, &overloaded).await;
    assert!(answer.ends_with("sorry"), "{answer}");
    let forbidden = Expected {
        status: Some(403),
        ..unrouted("/forbidden")
    };
    check_telemetry(&app, "GET /forbidden", 202, &forbidden).await;
}

/// An error that cannot be formatted.
#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("it was ")?;
        Err(fmt::Error)
    }
}

impl ResponseError for Unspeakable {
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::InternalServerError().body("unspeakable");
        response.extensions_mut().insert(ErrorType("unspeakable"));
        response
    }
}

/// What was written before the failure is kept.
#[tokio::test]
async fn an_error_that_fails_to_be_written_is_still_answered() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .route(
            "/typed",
            web::get().to(async || Err::<&str, _>(Unspeakable))
        )
        .route(
            "/plain",
            web::get().to(async || {
                Err::<&str, _>(InternalError::from_response(
                    Unspeakable,
                    HttpResponse::InternalServerError().body("unspeakable"),
                ))
            })
        )
        .route(
            "/body",
            web::get().to(async || {
                let broken = async { Err::<Bytes, _>(Error::from(Unspeakable)) };
                HttpResponse::Ok().streaming(futures_util::stream::once(broken))
            })
        ));
    let failed = |path, error| Expected {
        status: Some(500),
        error: Some(error),
        message: "it was ",
        ..Expected::get(path)
    };
    let typed = with_size(11, failed("/typed", "unspeakable"));
    check(&app, "GET /typed", 500, &typed).await;
    let plain = with_size(11, failed("/plain", "500"));
    check(&app, "GET /plain", 500, &plain).await;
    let body = Expected {
        status: Some(200),
        ..failed("/body", "body")
    };
    // actix sends nothing of a body that fails before its first chunk.
    let running = Running::start(&app).await;
    let (client, _) = running.ask("GET /body", &[]).await;
    running.expect(client, &body).await;
}

#[tokio::test]
async fn an_answer_of_a_middleware_outside_is_not_recorded() {
    let app = actix_app!(|otel, _controller| App::new().wrap(otel).wrap(from_fn(refuse)));
    let running = Running::start(&app).await;
    let text = integration_tests::contract::server::request("GET /unauthorized", &[]);
    let (_, answer) = exchange(running.address(), text).await;
    assert!(answer.ends_with("who are you?"), "{answer}");
    assert_nothing(&running.stop(0).await);
}
