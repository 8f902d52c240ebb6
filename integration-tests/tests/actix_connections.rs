//! What happens on actix's connections: how long a request lasts, and what ends it.

#![allow(clippy::expect_used)]

use std::panic::AssertUnwindSafe;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, rt};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::stream;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use integration_tests::actix_app;
use integration_tests::apps::actix::{Actix, routes, serve};
use integration_tests::apps::{Controller, bodies};
use integration_tests::contract::server::{
    Differences, Expected, Running, Served, ServerApp, request,
};
use integration_tests::observed::{only_point, spans_of};
use integration_tests::wire::{Http2, Socket, in_time};
use opentelemetry::trace::{FutureExt, SpanId, SpanKind, Status};
use otel_instrumentation::ClientConfig;
use otel_instrumentation::testing::Capture;
use otel_middleware_actix::{OtelMiddleware, ServerConfig};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::sync::Notify;

fn keep_alive(line: &str) -> String {
    request(line, &[]).replace("Connection: close\r\n", "")
}

/// actix pools its requests. No request may see data of the one before it.
#[tokio::test]
async fn each_request_of_a_connection_makes_a_span_of_its_own() {
    let running = Running::start(&Actix).await;
    let mut socket = Socket::connect(running.address()).await;
    let paths = ["/success", "/path/1/param", "/notFound", "/nested/users/2"];
    for path in paths {
        socket.send(keep_alive(&format!("GET {path}"))).await;
        socket.read_until("\r\n\r\n").await;
    }
    drop(socket);
    let capture = running.stop(paths.len()).await;
    let spans = spans_of(&capture, SpanKind::Server, paths.len()).await;
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    let expected = [
        "GET /success",
        "GET /path/{id}/param",
        "GET",
        "GET /nested/users/{id}",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn pipelined_requests_make_a_span_each() {
    let running = Running::start(&Actix).await;
    let mut socket = Socket::connect(running.address()).await;
    socket
        .send(keep_alive("GET /chunks").repeat(2) + &request("GET /success", &[]))
        .await;
    let answer = socket.read_to_end().await;
    assert!(answer.ends_with("success"), "{answer}");
    let capture = running.stop(3).await;
    let spans = spans_of(&capture, SpanKind::Server, 3).await;
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["GET /chunks", "GET /chunks", "GET /success"]);
}

/// A body of known size must not be sent in chunks, even if actix boxes it.
#[tokio::test]
async fn sizes_are_passed_on() {
    let app = actix_app!(|otel, controller| App::new().wrap(otel.clone()).service(
        web::scope("")
            .wrap(otel.clone())
            .wrap(from_fn(pass))
            .configure(routes(controller))
    ));
    for (line, length) in [
        ("GET /success", "content-length: 7\r\n"),
        ("GET /empty", "content-length: 0\r\n"),
        ("GET /known-length", "content-length: 8\r\n"),
        ("HEAD /success", "content-length: 7\r\n"),
        ("GET /chunks", "transfer-encoding: chunked\r\n"),
    ] {
        let running = Running::start(&app).await;
        let (_, answer) = running.ask(line, &[]).await;
        assert!(answer.contains(length), "{answer}");
        running.stop(1).await;
    }
}

async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    next.call(request).await
}

/// actix polls on after Content-Length, but the request is over.
#[tokio::test]
async fn a_body_is_complete_once_its_length_is_reached() {
    async fn never_ending() -> HttpResponse {
        let length = bodies::NEVER_ENDING_LENGTH.parse().expect("a number");
        HttpResponse::Ok()
            .no_chunking(length)
            .streaming(bodies::never_ending())
    }
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .route("/never-ending", web::get().to(never_ending)));
    let running = Running::start(&app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    socket.send(request("GET /never-ending", &[])).await;
    socket.read_until("fourfive").await;
    spans_of(&running.capture, SpanKind::Server, 1).await;
    socket.reset();
    let expected = Expected::get("/never-ending");
    running.expect(client, &expected).await;
}

/// HS-21. The client may have sent everything and wait for the answer.
#[tokio::test]
async fn a_client_that_closes_its_side_is_still_answered() {
    static ANSWER: Notify = Notify::const_new();
    async fn wait(controller: Data<Controller>) -> &'static str {
        controller.enter();
        ANSWER.notified().await;
        "waited"
    }
    let app = actix_app!(|otel, controller| App::new()
        .wrap(otel)
        .app_data(Data::new(controller))
        .route("/wait", web::get().to(wait)));
    let running = Running::start(&app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    socket.send(request("GET /wait", &[])).await;
    in_time("the handler", running.controller.entered()).await;
    socket.close().await;
    ANSWER.notify_one();
    assert!(socket.read_to_end().await.ends_with("waited"));
    running.expect(client, &Expected::get("/wait")).await;
}

/// HS-21
#[tokio::test]
async fn a_client_that_breaks_off_cancels_the_handler() {
    let app = actix_app!(|otel, controller| App::new().wrap(otel).configure(routes(controller)));
    let running = Running::start(&app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    socket.send(request("GET /hang", &[])).await;
    in_time("the handler", running.controller.entered()).await;
    socket.reset();
    let expected = Expected {
        status: None,
        error: Some("cancelled"),
        ..Expected::get("/hang")
    };
    running.expect(client, &expected).await;
}

/// When the future is dropped, the panic is over.
#[tokio::test]
async fn a_panic_that_is_caught_further_out_is_a_panic() {
    async fn catch(
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let answer = AssertUnwindSafe(next.call(request)).catch_unwind().await;
        answer.unwrap_or_else(|_| Err(ErrorInternalServerError("caught")))
    }
    let app = actix_app!(|otel, controller| App::new()
        .configure(routes(controller))
        .wrap(otel)
        .wrap(from_fn(catch)));
    let running = Running::start(&app).await;
    let (client, answer) = running.ask("GET /exception", &[]).await;
    assert!(answer.ends_with("caught"), "{answer}");
    let expected = Expected {
        status: None,
        error: Some("panic"),
        ..Expected::get("/exception")
    };
    running.expect(client, &expected).await;
}

#[tokio::test]
async fn a_body_runs_inside_the_span() {
    async fn context(controller: Data<Controller>) -> HttpResponse {
        let chunk = async move { Ok::<_, Error>(Bytes::from(controller.context())) };
        HttpResponse::Ok().streaming(stream::once(chunk))
    }
    let app = actix_app!(|otel, controller| App::new()
        .wrap(otel)
        .app_data(Data::new(controller))
        .route("/context", web::get().to(context)));
    let running = Running::start(&app).await;
    let (client, answer) = running.ask("GET /context", &[]).await;
    let span = running.expect(client, &Expected::get("/context")).await;
    let (trace, id) = (span.span_context.trace_id(), span.span_context.span_id());
    assert!(answer.contains(&format!("{trace}-{id} local")), "{answer}");
}

#[tokio::test]
async fn a_task_has_the_context_where_the_user_asks() {
    async fn spawn(controller: Data<Controller>) -> &'static str {
        let (without, with) = (controller.clone(), controller);
        let task = async move { without.handle(|| "apart") };
        rt::spawn(task).await.expect("no panic");
        let task = async move { with.handle(|| "together") };
        let task = rt::spawn(task.with_current_context());
        task.await.expect("no panic")
    }
    let app = actix_app!(|otel, controller| App::new()
        .wrap(otel)
        .app_data(Data::new(controller))
        .route("/tasks", web::get().to(spawn)));
    let running = Running::start(&app).await;
    let (client, _) = running.ask("GET /tasks", &[]).await;
    let capture = running.capture.clone();
    let server = running.expect(client, &Expected::get("/tasks")).await;
    let tasks = spans_of(&capture, SpanKind::Internal, 2).await;
    assert_eq!(tasks[0].parent_span_id, SpanId::INVALID);
    assert_eq!(tasks[1].parent_span_id, server.span_context.span_id());
}

/// A handler that calls another service, here its own, with reqwest.
struct Relay(ClientWithMiddleware);

impl ServerApp for Relay {
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        async fn relay(client: Data<ClientWithMiddleware>, request: HttpRequest) -> String {
            let url = format!("http://{}/success", request.app_config().local_addr());
            let answer = client.get(url).send().await.expect("an answer");
            answer.text().await.expect("a text")
        }
        let otel = OtelMiddleware::with_config(config);
        let client = Data::new(self.0.clone());
        let app = move || {
            App::new()
                .wrap(otel.clone())
                .app_data(client.clone())
                .route("/relay", web::get().to(relay))
                .configure(routes(controller.clone()))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        serve(|listener| server.listen(listener).map(HttpServer::run))
    }

    fn differences(&self) -> Differences {
        Actix.differences()
    }
}

#[tokio::test]
async fn a_client_in_a_handler_continues_the_trace() {
    let capture = Capture::new();
    let client = ClientConfig::new().providers(capture.providers());
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(otel_middleware_reqwest::OtelMiddleware::with_config(client))
        .build();
    let config = ServerConfig::new().providers(capture.providers());
    let running = Running::with(&Relay(client), capture, config).await;
    let (_, answer) = running.ask("GET /relay", &[]).await;
    assert!(answer.ends_with("success"), "{answer}");

    let capture = running.stop(2).await;
    let servers = spans_of(&capture, SpanKind::Server, 2).await;
    let client = spans_of(&capture, SpanKind::Client, 1).await.remove(0);
    let [called, relay] = servers.as_slice() else {
        panic!("{servers:#?}");
    };
    assert_eq!(relay.name, "GET /relay");
    assert_eq!(client.parent_span_id, relay.span_context.span_id());
    assert_eq!(called.parent_span_id, client.span_context.span_id());
}

/// Each worker builds the application, and may build the middleware with it.
struct PerWorker;

impl ServerApp for PerWorker {
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        let app = move || {
            App::new()
                .wrap(OtelMiddleware::with_config(config.clone()))
                .configure(routes(controller.clone()))
        };
        let server = HttpServer::new(app).workers(2).disable_signals();
        serve(|listener| server.listen(listener).map(HttpServer::run))
    }

    fn differences(&self) -> Differences {
        Actix.differences()
    }
}

#[tokio::test]
async fn workers_count_into_the_same_metrics() {
    let running = Running::start(&PerWorker).await;
    for _ in 0..4 {
        running.ask("GET /success", &[]).await;
    }
    let capture = running.stop(4).await;
    let duration = only_point(&capture, "http.server.request.duration");
    assert_eq!(duration.count, 4);
    let active = only_point(&capture, "http.server.active_requests");
    assert_eq!(active.sum, 0.0);
}

fn http_2(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("http://shop.example:8080{path}"))
        .header("user-agent", "test-user-agent")
        .body(Full::default())
        .expect("a request")
}

#[tokio::test]
async fn a_panic_over_http_2_ends_its_stream_only() {
    let running = Running::start(&Actix).await;
    let mut connection = Http2::connect(running.address()).await;
    let broken = connection.send(http_2("/exception")).await;
    assert!(broken.is_err(), "{broken:?}");
    let answer = connection.send(http_2("/chunks")).await.expect("an answer");
    let body = answer.into_body().collect().await.expect("a body");
    assert_eq!(body.to_bytes(), "one two three");
    drop(connection);

    let capture = running.stop(2).await;
    let spans = spans_of(&capture, SpanKind::Server, 2).await;
    let seen: Vec<_> = spans
        .iter()
        .map(|span| (span.name.as_ref(), span.status.clone()))
        .collect();
    let expected = [
        ("GET /exception", Status::error("")),
        ("GET /chunks", Status::Unset),
    ];
    assert_eq!(seen, expected);
}

/// actix does not drop the handler of a stream that is reset, but its answer.
#[tokio::test]
async fn over_http_2_a_handler_outlives_its_client() {
    static ANSWER: Notify = Notify::const_new();
    async fn wait(controller: Data<Controller>) -> &'static str {
        controller.enter();
        ANSWER.notified().await;
        "waited"
    }
    let app = actix_app!(|otel, controller| App::new()
        .wrap(otel)
        .app_data(Data::new(controller))
        .route("/wait", web::get().to(wait)));
    let running = Running::start(&app).await;
    let mut connection = Http2::connect(running.address()).await;
    let client = connection.address();
    let entered = running.controller.entered();
    tokio::select! {
        answer = connection.send(http_2("/wait")) => panic!("{answer:?}"),
        () = entered => {}
    }
    // After another answer on the same connection, the server has seen the reset.
    let answer = connection.send(http_2("/notFound")).await;
    let status = answer.map(|answer| answer.status());
    assert_eq!(status.expect("an answer"), StatusCode::NOT_FOUND);
    ANSWER.notify_one();
    let capture = running.capture.clone();
    let spans = spans_of(&capture, SpanKind::Server, 2).await;
    drop(connection);
    running.stop(2).await;
    let expected = Expected {
        version: "2",
        error: Some("cancelled"),
        ..Expected::get("/wait")
    };
    expected.span(client).assert(&spans[1]);
}
