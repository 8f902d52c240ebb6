//! The server that clients talk to: the application in axum, without a middleware. It remembers the
//! requests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ::axum::Router;
use ::axum::body::Body;
use ::axum::extract::{Request, State};
use ::axum::middleware::{Next, from_fn_with_state};
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::{any, get};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use otel_instrumentation::testing::Capture;

use super::axum::{router, serve};
use super::{Controller, bodies};
use crate::contract::server::Served;

/// A server for the clients under test.
///
/// Besides the routes of all applications it has `/one-redirect` and `/two-redirects` to
/// `/success`, `/circular-redirect` to itself, `/repeat` with a 307 to `/echo`, `/flaky`, which
/// answers 503 twice and then 200, and `/stalled` with [`bodies::stalled`].
#[derive(Debug)]
pub struct Peer {
    served: Served,
    /// What the handlers do.
    pub controller: Controller,
    asked: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Peer {
    /// Starts to serve on a free port of the loopback interface.
    pub async fn start() -> Self {
        let controller = Controller::new(&Capture::new());
        let asked = Arc::<Mutex<Vec<HeaderMap>>>::default();
        let app = router(controller.clone())
            .merge(redirects())
            .route(
                "/stalled",
                get(async || Body::from_stream(bodies::stalled())),
            )
            .route("/flaky", get(flaky).with_state(Arc::default()))
            .layer(from_fn_with_state(asked.clone(), remember));
        Self {
            served: serve(app).await,
            controller,
            asked,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.served.address()
    }

    /// The headers of all requests so far.
    #[must_use]
    pub fn asked(&self) -> Vec<HeaderMap> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn remember(
    State(asked): State<Arc<Mutex<Vec<HeaderMap>>>>,
    request: Request,
    next: Next,
) -> Response {
    asked
        .lock()
        .expect("no panic")
        .push(request.headers().clone());
    next.run(request).await
}

fn redirects() -> Router {
    let to = |status: StatusCode, location: &'static str| {
        any(move || async move { (status, [(LOCATION, location)]) })
    };
    Router::new()
        .route("/one-redirect", to(StatusCode::FOUND, "/success"))
        .route("/two-redirects", to(StatusCode::FOUND, "/one-redirect"))
        .route(
            "/circular-redirect",
            to(StatusCode::FOUND, "/circular-redirect"),
        )
        .route("/repeat", to(StatusCode::TEMPORARY_REDIRECT, "/echo"))
}

async fn flaky(State(asked): State<Arc<AtomicUsize>>) -> impl IntoResponse {
    match asked.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    }
}
