//! actix's routing: the route is that of the resource which answered, or absent.

#![allow(clippy::expect_used)]

use actix_files::Files;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Path, Payload};
use actix_web::{App, HttpRequest, HttpResponse, guard, rt};
use actix_ws::Message;
use integration_tests::actix_app;
use integration_tests::apps::actix::routes;
use integration_tests::contract::server::{Expected, Running, ServerApp};
use integration_tests::wire::Socket;

/// Sends one request, and checks status and telemetry.
async fn check(app: &impl ServerApp, line: &str, headers: &[&str], expected: &Expected) {
    let running = Running::start(app).await;
    let (client, answer) = running.ask(line, headers).await;
    let status = expected.status.expect("a status");
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    running.expect(client, expected).await;
}

fn routed(path: &'static str, route: &'static str) -> Expected {
    Expected {
        name: format!("GET {route}"),
        route: Some(route),
        ..Expected::get(path)
    }
}

fn unrouted(path: &'static str, status: u16) -> Expected {
    Expected {
        name: "GET".to_owned(),
        route: None,
        status: Some(status),
        ..Expected::get(path)
    }
}

/// HS-19, HS-34
#[tokio::test]
async fn nested_scopes_have_the_whole_route() {
    let app = actix_app!(|otel, _controller| {
        let users = web::scope("/users").route("/{id}", web::get().to(HttpResponse::Ok));
        let version = web::scope("/v{version}").service(users);
        App::new()
            .wrap(otel)
            .service(web::scope("/api").service(version))
    });
    let expected = routed("/api/v2/users/a%20b", "/api/v{version}/users/{id}");
    check(&app, "GET /api/v2/users/a%20b", &[], &expected).await;
}

/// HSU-26
#[tokio::test]
async fn guards_decide_between_overlapping_patterns() {
    let app = actix_app!(|otel, _controller| App::new()
        .wrap(otel)
        .service(
            web::resource("/items/{number}")
                .guard(guard::Header("x-kind", "number"))
                .to(HttpResponse::Ok)
        )
        .service(web::resource("/items/{name}").to(HttpResponse::Ok)));
    let path = "/items/7";
    check(
        &app,
        "GET /items/7",
        &["x-kind: number"],
        &routed(path, "/items/{number}"),
    )
    .await;
    check(&app, "GET /items/7", &[], &routed(path, "/items/{name}")).await;
}

/// The path alone would suggest another route.
#[tokio::test]
async fn a_default_service_has_no_route() {
    let app = actix_app!(|otel, _controller| {
        let guarded = || {
            web::resource("/guarded/{id}")
                .guard(guard::Header("x-kind", "known"))
                .to(HttpResponse::Ok)
        };
        let scope = web::scope("/scope")
            .service(guarded())
            .default_service(web::to(HttpResponse::Accepted));
        App::new()
            .wrap(otel)
            .service(guarded())
            .service(scope)
            .service(web::scope("/bare").service(guarded()))
            .default_service(web::to(HttpResponse::Created))
    });
    let cases = [
        ("/guarded/1", 201),
        ("/elsewhere", 201),
        ("/scope/guarded/1", 202),
        ("/scope/elsewhere", 202),
        ("/bare/guarded/1", 201),
        ("/bare/elsewhere", 201),
    ];
    for (path, status) in cases {
        check(&app, &format!("GET {path}"), &[], &unrouted(path, status)).await;
    }
    let known = ["x-kind: known"];
    let path = "/scope/guarded/1";
    let expected = routed(path, "/scope/guarded/{id}");
    check(&app, &format!("GET {path}"), &known, &expected).await;
}

#[tokio::test]
async fn a_resource_that_does_not_have_the_method_is_still_the_route() {
    let app = actix_app!(|otel, _controller| {
        let orders = web::resource("/orders").route(web::post().to(HttpResponse::Ok));
        App::new().wrap(otel).service(orders)
    });
    let expected = Expected {
        status: Some(405),
        ..Expected::get("/orders")
    };
    check(&app, "GET /orders", &[], &expected).await;
}

/// actix reports only the first pattern of a resource.
#[tokio::test]
async fn a_resource_with_several_patterns_is_known_by_its_first() {
    let app = actix_app!(|otel, _controller| {
        let user = web::resource(["/users/{id}", "/user/{id}"]).to(HttpResponse::Ok);
        App::new().wrap(otel).service(user)
    });
    let expected = routed("/user/1", "/users/{id}");
    check(&app, "GET /user/1", &[], &expected).await;
}

#[tokio::test]
async fn files_are_recorded_by_their_prefix() {
    let app = actix_app!(|otel, _controller| {
        let files = || Files::new("/static", concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        App::new()
            .wrap(otel)
            .service(files())
            .service(web::scope("/assets").service(files()))
    });
    let cases = [
        ("/static/apps/mod.rs", "/static", 200),
        ("/static/apps/missing", "/static", 404),
        ("/assets/static/lib.rs", "/assets/static", 200),
    ];
    for (path, route, status) in cases {
        let expected = Expected {
            status: Some(status),
            ..routed(path, route)
        };
        check(&app, &format!("GET {path}"), &[], &expected).await;
    }
    let head = Expected {
        name: "HEAD /static".to_owned(),
        method: "HEAD",
        ..routed("/static/lib.rs", "/static")
    };
    check(&app, "HEAD /static/lib.rs", &[], &head).await;
}

#[tokio::test]
async fn files_under_the_root_have_no_route() {
    let app = actix_app!(|otel, _controller| {
        let files = Files::new("/", concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        App::new().wrap(otel).service(files)
    });
    check(&app, "GET /lib.rs", &[], &unrouted("/lib.rs", 200)).await;
}

/// HSU-25
#[tokio::test]
async fn a_second_middleware_makes_no_second_span() {
    let app = actix_app!(|otel, _controller| {
        let users = web::resource("/users/{id}")
            .wrap(otel.clone())
            .to(HttpResponse::Ok);
        let scope = web::scope("/api").wrap(otel.clone()).service(users);
        App::new().wrap(otel.clone()).wrap(otel).service(scope)
    });
    let expected = routed("/api/users/1", "/api/users/{id}");
    check(&app, "GET /api/users/1", &[], &expected).await;
}

#[tokio::test]
async fn a_scope_alone_can_be_recorded() {
    let app = actix_app!(|otel, _controller| {
        let scope = web::scope("/api")
            .wrap(otel)
            .route("/users/{id}", web::get().to(HttpResponse::Ok));
        App::new()
            .service(scope)
            .route("/healthz", web::get().to(HttpResponse::Ok))
    });
    let running = Running::start(&app).await;
    running.ask("GET /healthz", &[]).await;
    let (client, _) = running.ask("GET /api/users/1", &[]).await;
    let expected = routed("/api/users/1", "/api/users/{id}");
    running.expect(client, &expected).await;
}

/// The application has finished routing, so the handler's request decides.
#[tokio::test]
async fn the_route_is_what_the_handler_sees() {
    let app = actix_app!(|otel, _controller| {
        let show = |request: HttpRequest, _: Path<String>| async move { request.match_pattern() };
        App::new()
            .wrap(otel)
            .service(web::scope("/api").route("/{tail:.*}", web::get().to(show)))
    });
    let running = Running::start(&app).await;
    let (client, answer) = running.ask("GET /api/a/b/c", &[]).await;
    assert!(answer.ends_with("\r\n\r\n/api/{tail:.*}"), "{answer}");
    let expected = routed("/api/a/b/c", "/api/{tail:.*}");
    running.expect(client, &expected).await;
}

/// HS-28
#[tokio::test]
async fn a_websocket_is_one_span_that_ends_with_its_handshake() {
    let app = actix_app!(|otel, controller| App::new()
        .wrap(otel)
        .configure(routes(controller))
        .route("/ws", web::get().to(say_back)));
    let running = Running::start(&app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    let handshake = "GET /ws HTTP/1.1\r\nHost: shop.example:8080\r\n\
        User-Agent: test-user-agent\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.send(handshake).await;
    let head = socket.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");

    // A final text frame of five bytes, masked with zeros; the answer is not masked.
    socket.send(b"\x81\x85\0\0\0\0hello").await;
    let frame = socket.read_until("hello").await;
    assert!(frame.ends_with("\u{5}hello"), "{frame:?}");
    drop(socket);
    let expected = Expected {
        status: Some(101),
        ..Expected::get("/ws")
    };
    running.expect(client, &expected).await;
}

async fn say_back(request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
    let (mut response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            if let Message::Text(text) = message {
                // Ends when the client closes.
                let _ = session.text(text).await;
            }
        }
    });
    let name = HeaderValue::from_static("echo");
    response.headers_mut().insert(header::SERVER, name);
    Ok(response)
}
