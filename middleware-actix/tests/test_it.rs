//! The test of the README, literally.

use actix_web::{App, test, web};
use otel_middleware_actix::testing::Capture;
use otel_middleware_actix::{OtelMiddleware, ServerConfig};

#[tracing::instrument]
async fn user() -> &'static str {
    "user"
}

#[actix_web::test]
async fn user_is_traced() {
    let capture = Capture::new();
    let _subscriber = tracing::subscriber::set_default(capture.subscriber());
    let config = ServerConfig::new().providers(capture.providers());
    let app = App::new()
        .wrap(OtelMiddleware::with_config(config))
        .route("/users/{id}", web::get().to(user));
    let app = test::init_service(app).await;

    let request = test::TestRequest::get().uri("/users/42").to_request();
    // The server span ends with the body: read it, or drop it.
    let body = test::call_and_read_body(&app, request).await;
    assert_eq!(body, "user");

    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    let (user, server) = (&spans[0], &spans[1]);
    assert_eq!(server.name, "GET /users/{id}");
    assert_eq!(user.name, "user");
    assert_eq!(user.parent_span_id, server.span_context.span_id());
    assert_eq!(capture.points("http.server.request.duration").len(), 1);
}
