//! The test of the README, literally.

use axum::body::{Body, to_bytes};
use axum::{Router, http::Request, routing::get};
use otel_middleware_axum::testing::Capture;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use tower::ServiceExt;

#[tracing::instrument]
async fn user() -> &'static str {
    "user"
}

fn app(config: ServerConfig) -> Router {
    Router::new()
        .route("/users/{id}", get(user))
        .layer(OtelLayer::with_config(config))
}

#[tokio::test]
async fn user_is_traced() -> Result<(), Box<dyn std::error::Error>> {
    let capture = Capture::new();
    let _subscriber = tracing::subscriber::set_default(capture.subscriber());
    let app = app(ServerConfig::new().providers(capture.providers()));

    let request = Request::get("/users/42").body(Body::empty())?;
    let response = app.oneshot(request).await?;
    // The server span ends with the body: read it, or drop it.
    to_bytes(response.into_body(), usize::MAX).await?;

    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    let (user, server) = (&spans[0], &spans[1]);
    assert_eq!(server.name, "GET /users/{id}");
    assert_eq!(user.name, "user");
    assert_eq!(user.parent_span_id, server.span_context.span_id());
    assert_eq!(capture.points("http.server.request.duration").len(), 1);
    Ok(())
}
