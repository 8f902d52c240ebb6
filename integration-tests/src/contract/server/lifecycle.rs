//! When an operation ends, and with which outcome: the lifecycle table of the design, row by row.

use opentelemetry::trace::SpanKind;

use super::{Expected, Running, ServerApp, request};
use crate::apps::bodies::NEVER_ENDING_LENGTH;
use crate::observed::spans_of;
use crate::wire::{Socket, exchange, in_time};

/// A successful answer ends with the last byte of its body, also if there is none.
pub async fn an_operation_ends_with_its_response(app: &impl ServerApp) {
    let ok = Expected::get;
    let with_status = |path, status| Expected {
        status: Some(status),
        ..ok(path)
    };
    let cases = [
        ("GET /success", "success", ok("/success")),
        ("GET /empty", "\r\n\r\n", ok("/empty")),
        (
            "GET /no-content",
            "\r\n\r\n",
            with_status("/no-content", 204),
        ),
        (
            "GET /not-modified",
            "\r\n\r\n",
            with_status("/not-modified", 304),
        ),
        ("GET /chunks", "5\r\nthree\r\n0\r\n\r\n", ok("/chunks")),
        ("GET /events", "data: two\n\n\r\n0\r\n\r\n", ok("/events")),
        (
            "HEAD /success",
            "\r\n\r\n",
            Expected {
                name: "HEAD /success".to_owned(),
                method: "HEAD",
                ..ok("/success")
            },
        ),
        (
            "HEAD /chunks",
            "\r\n\r\n",
            Expected {
                name: "HEAD /chunks".to_owned(),
                method: "HEAD",
                ..ok("/chunks")
            },
        ),
    ];
    for (line, end, expected) in cases {
        println!("{line}");
        let running = Running::start(app).await;
        let (client, answer) = running.ask(line, &[]).await;
        assert!(answer.ends_with(end), "{answer:?}");
        running.expect(client, &expected).await;
    }
}

/// HS-07: nothing inside the middleware catches the panic, so there is no status.
pub async fn a_panic_ends_the_operation(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, answer) = running.ask("GET /exception", &[]).await;
    assert_eq!(answer, "");
    let expected = Expected {
        status: None,
        error: Some("panic"),
        ..Expected::get("/exception")
    };
    running.expect(client, &expected).await;
}

/// HS-21.
pub async fn a_client_that_goes_before_the_head_cancels(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    socket.send(request("GET /hang", &[])).await;
    in_time("the handler", running.controller.entered()).await;
    drop(socket);
    let expected = Expected {
        status: None,
        error: Some("cancelled"),
        ..Expected::get("/hang")
    };
    running.expect(client, &expected).await;
}

/// HS-20.
pub async fn a_client_that_goes_before_the_body_ends_cancels(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    socket.send(request("GET /endless", &[])).await;
    socket.read_until("more and more").await;
    drop(socket);
    let expected = Expected {
        error: Some("cancelled"),
        ..Expected::get("/endless")
    };
    running.expect(client, &expected).await;
}

/// HS-20, HSU-21: the status stays as it was sent.
pub async fn a_broken_body_is_an_error(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, answer) = running.ask("GET /broken", &[]).await;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    let expected = Expected {
        error: Some("body"),
        message: app.differences().body_error_message,
        ..Expected::get("/broken")
    };
    running.expect(client, &expected).await;
}

/// HS-36: the cause of the error is found, however often it is wrapped.
pub async fn a_body_whose_time_was_up_is_a_timeout(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, _) = running.ask("GET /late", &[]).await;
    let message = match app.differences().body_error_message {
        "" => "",
        _ => "timed out",
    };
    let expected = Expected {
        error: Some("timeout"),
        message,
        ..Expected::get("/late")
    };
    running.expect(client, &expected).await;
}

/// Its reader waits for bytes that never come.
pub async fn a_body_that_is_too_short_is_an_error(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, _) = running.ask("GET /short", &[]).await;
    let expected = Expected {
        error: Some("body"),
        message: "the body ended after 4 of 8 bytes",
        ..Expected::get("/short")
    };
    running.expect(client, &expected).await;
}

/// After `Content-Length` bytes a server does not poll the body again. That counts as its end.
pub async fn a_body_that_is_never_polled_to_its_end_is_complete(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, answer) = running.ask("GET /known-length", &[]).await;
    assert!(
        answer.contains(&format!("content-length: {NEVER_ENDING_LENGTH}\r\n")),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\nfourfive"), "{answer}");
    running
        .expect(client, &Expected::get("/known-length"))
        .await;
}

/// HS-28: the operation ends when the other protocol begins.
pub async fn an_upgrade_ends_the_operation_and_works(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut socket = Socket::connect(running.address()).await;
    let client = socket.address();
    let upgrade = "GET /upgrade HTTP/1.1\r\nHost: shop.example:8080\r\n\
        User-Agent: test-user-agent\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    socket.send(upgrade).await;
    let head = socket.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let capture = running.capture.clone();
    spans_of(&capture, SpanKind::Server, 1).await;
    socket.send("still here").await;
    assert_eq!(socket.read_until("still here").await, "still here");
    drop(socket);
    let expected = Expected {
        status: Some(101),
        ..Expected::get("/upgrade")
    };
    running.expect(client, &expected).await;
}

/// The duration of every request is compared with its span's. Here, a clone of the span's context
/// lives longer than the span.
pub async fn a_task_that_keeps_the_context_does_not_stretch_the_span(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let (client, _) = exchange(running.address(), request("GET /spawn", &[])).await;
    let controller = running.controller.clone();
    in_time("the task", controller.entered()).await;
    running.expect(client, &Expected::get("/spawn")).await;
    assert_eq!(controller.kept(), 1);
}
