//! The application in axum.

use std::convert::Infallible;
use std::net::SocketAddr;

use ::axum::body::Body;
use ::axum::extract::{Path, RawQuery, Request, State};
use ::axum::middleware::{Next, from_fn};
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::{get, post};
use ::axum::{Router, http};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRAILER, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper_util::rt::TokioIo;
use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use otel_instrumentation::ErrorType;
use otel_middleware_axum::{OtelLayer, ServerConfig};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Controller, bodies};
use crate::contract::server::{Differences, InnerApp, Served, ServerApp};

/// axum with [`OtelLayer`] around its router.
#[derive(Clone, Copy, Debug)]
pub struct Axum;

impl ServerApp for Axum {
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        serve(router(controller).layer(OtelLayer::with_config(config))).await
    }

    /// A route answers a method that it does not have. A handler's error becomes a response before
    /// any layer sees it.
    fn differences(&self) -> Differences {
        Differences {
            odd_method: (405, Some("/success")),
            handler_error_message: "",
            body_error_message: "",
        }
    }
}

impl InnerApp for Axum {
    async fn serve_within(
        &self,
        context: Context,
        config: ServerConfig,
        controller: Controller,
    ) -> Served {
        let outside = from_fn(move |request: Request, next: Next| {
            next.run(request).with_context(context.clone())
        });
        let otel = OtelLayer::with_config(config);
        serve(router(controller).layer(otel).layer(outside)).await
    }
}

/// The routes, with the layer where a test wants it.
#[derive(Clone, Copy, Debug)]
pub struct Layered<F>(pub F);

impl<F> ServerApp for Layered<F>
where
    F: Fn(Router, OtelLayer) -> Router + Sync,
{
    async fn serve(&self, config: ServerConfig, controller: Controller) -> Served {
        serve(self.0(router(controller), OtelLayer::with_config(config))).await
    }

    fn differences(&self) -> Differences {
        Axum.differences()
    }
}

/// Serves any router on a free port of the loopback interface.
pub async fn serve(router: Router) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (stop, stopped) = oneshot::channel::<Infallible>();
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move {
        ::axum::serve(listener, app)
            .with_graceful_shutdown(async {
                // Stops when the other half is dropped.
                let _ = stopped.await;
            })
            .await
    });
    Served::new(address, async {
        drop(stop);
        server.await.expect("no panic").expect("a graceful end");
    })
}

/// The routes, without the middleware.
pub fn router(controller: Controller) -> Router {
    Router::new()
        .route("/success", get(success))
        .route("/redirect", get(redirect))
        .route("/client-error", get(client_error))
        .route("/error-status", get(error_status))
        .route("/handler-error", get(handler_error))
        .route("/exception", get(exception))
        .route("/declined", get(declined))
        .route("/captureHeaders", get(capture_headers))
        .route("/query", get(query))
        .route("/path/{id}/param", get(param))
        .nest("/nested", Router::new().route("/users/{id}", get(param)))
        .route("/child", get(child))
        .route("/context", get(context))
        .route("/echo", post(echo))
        .route("/empty", get(|| async { StatusCode::OK }))
        .route("/no-content", get(|| async { StatusCode::NO_CONTENT }))
        .route("/not-modified", get(|| async { StatusCode::NOT_MODIFIED }))
        .route("/known-length", get(|| sized(bodies::never_ending())))
        .route("/short", get(|| sized(bodies::short())))
        .route(
            "/chunks",
            get(|| async { Body::from_stream(bodies::chunks()) }),
        )
        .route("/events", get(events))
        .route(
            "/endless",
            get(|| async { Body::from_stream(bodies::endless()) }),
        )
        .route(
            "/broken",
            get(|| async { Body::from_stream(bodies::broken()) }),
        )
        .route("/late", get(|| async { Body::from_stream(bodies::late()) }))
        .route("/trailers", get(trailers))
        .route("/upgrade", get(upgrade))
        .route("/spawn", get(spawn))
        .route("/hang", get(hang))
        .route("/guarded", get(success))
        .layer(from_fn(guarded))
        .with_state(controller)
}

async fn guarded(request: Request, next: Next) -> Result<Response, StatusCode> {
    match request.uri().path() {
        "/guarded" => Err(StatusCode::FORBIDDEN),
        _ => Ok(next.run(request).await),
    }
}

async fn success(State(controller): State<Controller>) -> &'static str {
    controller.handle(|| "success")
}

async fn redirect(State(controller): State<Controller>) -> impl IntoResponse {
    controller.handle(|| (StatusCode::FOUND, [(LOCATION, "/redirected")]))
}

async fn client_error(State(controller): State<Controller>) -> impl IntoResponse {
    controller.handle(|| (StatusCode::BAD_REQUEST, "bad request"))
}

async fn error_status(State(controller): State<Controller>) -> impl IntoResponse {
    controller.handle(|| (StatusCode::INTERNAL_SERVER_ERROR, "controller error"))
}

/// An error of the application, which makes its own response.
struct Failed;

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, "failed").into_response()
    }
}

async fn handler_error(State(controller): State<Controller>) -> Result<&'static str, Failed> {
    controller.handle(|| Err(Failed))
}

async fn exception(State(controller): State<Controller>) -> &'static str {
    controller.handle(|| panic!("controller exception"))
}

async fn declined(State(controller): State<Controller>) -> Response {
    controller.handle(|| {
        let mut response = StatusCode::PAYMENT_REQUIRED.into_response();
        response.extensions_mut().insert(ErrorType("card_declined"));
        response
    })
}

async fn capture_headers(
    State(controller): State<Controller>,
    headers: HeaderMap,
) -> impl IntoResponse {
    controller.handle(|| {
        let mut response = HeaderMap::new();
        for value in headers.get_all("x-test-request") {
            response.append("x-test-response", value.clone());
        }
        response.append("server-timing", HeaderValue::from_static("app;dur=1"));
        (response, "captured")
    })
}

async fn query(State(controller): State<Controller>, RawQuery(query): RawQuery) -> String {
    controller.handle(|| query.unwrap_or_default())
}

async fn param(State(controller): State<Controller>, Path(id): Path<String>) -> String {
    controller.handle(|| id)
}

async fn child(State(controller): State<Controller>, RawQuery(query): RawQuery) -> String {
    let query = query.unwrap_or_default();
    controller.child(query.trim_start_matches("id="))
}

async fn context(State(controller): State<Controller>) -> String {
    controller.context()
}

async fn echo(State(controller): State<Controller>, body: Bytes) -> Bytes {
    controller.handle(|| body)
}

async fn sized(body: impl Stream<Item = bodies::Chunk> + Send + 'static) -> impl IntoResponse {
    let length = [(CONTENT_LENGTH, bodies::NEVER_ENDING_LENGTH)];
    (length, Body::from_stream(body))
}

async fn events() -> impl IntoResponse {
    let content = [(CONTENT_TYPE, "text/event-stream")];
    (content, Body::from_stream(bodies::events()))
}

async fn trailers() -> impl IntoResponse {
    let trailers = HeaderMap::from_iter([(
        HeaderName::from_static("x-checksum"),
        HeaderValue::from_static("42"),
    )]);
    let frames = [
        Frame::data(Bytes::from("success")),
        Frame::trailers(trailers),
    ];
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
    ([(TRAILER, "x-checksum")], Body::new(body))
}

async fn upgrade(request: Request) -> impl IntoResponse {
    let upgraded = hyper::upgrade::on(request);
    tokio::spawn(async {
        let mut io = TokioIo::new(upgraded.await.expect("an upgrade"));
        let (mut read, mut write) = tokio::io::split(&mut io);
        // Ends when the client closes.
        let _ = tokio::io::copy(&mut read, &mut write).await;
    });
    let headers = [(CONNECTION, "upgrade"), (UPGRADE, "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

async fn spawn(State(controller): State<Controller>) -> &'static str {
    controller.keep();
    "spawned"
}

async fn hang(State(controller): State<Controller>) -> &'static str {
    controller.enter();
    std::future::pending().await
}
