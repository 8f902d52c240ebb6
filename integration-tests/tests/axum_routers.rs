//! axum's routers and layers combined: one request is one span, with the whole route.

#![allow(clippy::expect_used)]

use axum::extract::ws::WebSocketUpgrade;
use axum::routing::{any, get};
use axum::{Router, response::Response};
use integration_tests::apps::axum::Layered;
use integration_tests::contract::server::{Expected, Running};
use integration_tests::wire::Socket;
use otel_middleware_axum::OtelLayer;
use tower::Layer;

/// Sends one request, and checks status and telemetry.
async fn check(
    line: &str,
    status: u16,
    expected: &Expected,
    layered: impl Fn(Router, OtelLayer) -> Router + Sync,
) {
    let running = Running::start(&Layered(layered)).await;
    let (client, answer) = running.ask(line, &[]).await;
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

#[tokio::test]
async fn a_layer_that_is_added_twice_makes_one_span() {
    check(
        "GET /path/1/param",
        200,
        &routed("/path/1/param", "/path/{id}/param"),
        |app, otel| app.layer(otel.clone()).layer(otel),
    )
    .await;
}

/// HSU-25, HSU-26
#[tokio::test]
async fn a_layer_outside_of_the_router_learns_the_route_from_the_one_inside() {
    check(
        "GET /path/1/param",
        200,
        &routed("/path/1/param", "/path/{id}/param"),
        |app, otel| Router::new().fallback_service(otel.layer(app.layer(otel.clone()))),
    )
    .await;
}

#[tokio::test]
async fn a_layer_outside_of_the_router_alone_has_no_route() {
    check(
        "GET /path/1/param",
        200,
        &unrouted("/path/1/param", 200),
        |app, otel| Router::new().fallback_service(otel.layer(app)),
    )
    .await;
}

/// HS-19
#[tokio::test]
async fn nested_routers_have_the_whole_route() {
    let expected = routed("/a/b/path/1/param", "/a/b/path/{id}/param");
    check("GET /a/b/path/1/param", 200, &expected, |app, otel| {
        let inner = Router::new().nest("/b", app);
        Router::new().nest("/a", inner).layer(otel)
    })
    .await;
}

/// HS-19
#[tokio::test]
async fn a_layer_inside_of_a_nested_service_refines_the_route() {
    let expected = routed("/mounted/path/1/param", "/mounted/path/{id}/param");
    check("GET /mounted/path/1/param", 200, &expected, |app, otel| {
        Router::new()
            .nest_service("/mounted", app.layer(otel.clone()))
            .layer(otel)
    })
    .await;
}

/// HSU-25
#[tokio::test]
async fn layers_at_several_depths_make_one_span() {
    let expected = routed("/a/b/path/1/param", "/a/b/path/{id}/param");
    check("GET /a/b/path/1/param", 200, &expected, |app, otel| {
        let inner = Router::new().nest_service("/b", app.layer(otel.clone()));
        Router::new()
            .nest_service("/a", inner.layer(otel.clone()))
            .layer(otel)
    })
    .await;
}

/// The route is axum's matched path, whatever form its wildcard has.
#[tokio::test]
async fn a_router_behind_a_wildcard_refines_the_route() {
    check(
        "GET /success",
        200,
        &routed("/success", "/{*rest}/success"),
        |app, otel| {
            Router::new()
                .route_service("/{*rest}", otel.layer(app.layer(otel.clone())))
                .layer(otel)
        },
    )
    .await;
}

#[tokio::test]
async fn a_wildcard_is_a_route() {
    check(
        "GET /files/a/b",
        200,
        &routed("/files/a/b", "/files/{*path}"),
        |app, otel| app.route("/files/{*path}", get(|| async {})).layer(otel),
    )
    .await;
}

#[tokio::test]
async fn a_fallback_has_no_route() {
    check(
        "GET /elsewhere",
        200,
        &unrouted("/elsewhere", 200),
        |app, otel| app.fallback(|| async { "fallback" }).layer(otel),
    )
    .await;
}

#[tokio::test]
async fn a_method_that_is_not_allowed_still_has_its_route() {
    let expected = Expected {
        name: "DELETE /success".to_owned(),
        method: "DELETE",
        status: Some(405),
        ..Expected::get("/success")
    };
    check("DELETE /success", 405, &expected, |app, otel| {
        app.layer(otel)
    })
    .await;
}

#[tokio::test]
async fn a_layer_on_one_route_records_that_route() {
    check("GET /only", 200, &Expected::get("/only"), |app, otel| {
        app.route("/only", get(|| async {}).layer(otel))
    })
    .await;
}

/// HS-28
#[tokio::test]
async fn a_websocket_works_after_its_operation_ended() {
    async fn echo(upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                // Ends when the client closes.
                let _ = socket.send(message).await;
            }
        })
    }
    let app = Layered(|app: Router, otel| app.route("/ws", any(echo)).layer(otel));
    let running = Running::start(&app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    socket
        .send(
            "GET /ws HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: test-user-agent\r\n\
            Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await;
    let head = socket.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // A text frame `hey`, masked with zeros, because a client has to mask its frames.
    socket
        .send([0x81, 0x83, 0, 0, 0, 0, b'h', b'e', b'y'])
        .await;
    assert!(socket.read_until("hey").await.ends_with("hey"));
    drop(socket);
    let expected = Expected {
        status: Some(101),
        ..Expected::get("/ws")
    };
    running.expect(client, &expected).await;
}

/// HS-34: a nested router sees only the rest of the path. Recorded is the whole path that was
/// requested.
#[tokio::test]
async fn a_layer_inside_of_a_nested_router_records_the_path_that_was_asked_for() {
    let expected = routed("/a/v1/success", "/a/{version}/success");
    check("GET /a/v1/success", 200, &expected, |app, otel| {
        Router::new().nest("/a/{version}", app.layer(otel))
    })
    .await;
    let expected = routed("/a/path/1/param", "/a/path/{id}/param");
    check("GET /a/path/1/param", 200, &expected, |app, otel| {
        Router::new().nest("/a", Router::new().merge(app.layer(otel)))
    })
    .await;
    let expected = Expected {
        query: Some("q=1"),
        ..unrouted("/mounted/missing", 404)
    };
    check("GET /mounted/missing?q=1", 404, &expected, |app, otel| {
        let inner = app.fallback(|| async { http::StatusCode::NOT_FOUND });
        Router::new().nest_service("/mounted", inner.layer(otel))
    })
    .await;
}

/// HS-34: a filter sees the path that a user would write.
#[tokio::test]
async fn a_filter_inside_of_a_nested_router_sees_the_path_that_was_asked_for() {
    let app = Layered(|app: Router, otel: OtelLayer| Router::new().nest("/api", app.layer(otel)));
    let filter = |config: otel_middleware_axum::ServerConfig| {
        config.filter(|request| request.path != "/api/empty")
    };
    let running = Running::configured(&app, filter).await;
    running.ask("GET /api/empty", &[]).await;
    let (client, _) = running.ask("GET /api/success", &[]).await;
    let expected = routed("/api/success", "/api/success");
    running.expect(client, &expected).await;
}

/// As in the README: the layer is there, or it is not.
#[tokio::test]
async fn a_layer_can_be_optional() {
    use axum::body::Body;
    use tower::util::{MapResponseLayer, option_layer};

    for is_on in [true, false] {
        let switched = move |app: Router, otel: OtelLayer| {
            let boxed = || MapResponseLayer::new(|response: Response<_>| response.map(Body::new));
            app.layer(option_layer(is_on.then(|| (boxed(), otel))))
        };
        if is_on {
            let expected = routed("/path/1/param", "/path/{id}/param");
            check("GET /path/1/param", 200, &expected, switched).await;
        } else {
            let running = Running::start(&Layered(switched)).await;
            let (_, answer) = running.ask("GET /path/1/param", &[]).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            let names: Vec<_> = running
                .capture
                .spans()
                .into_iter()
                .map(|it| it.name)
                .collect();
            assert_eq!(
                names,
                ["controller"],
                "the handler's own span is all there is"
            );
        }
    }
}
