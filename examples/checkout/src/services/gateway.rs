//! The gateway: the entry point for customers.

use anyhow::Result;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::trace::get_active_span;
use tracing::info;

use super::client::Client;
use super::failure::Failure;
use super::messages::Checkout;
use super::notice::{Answer, Notice};
use super::peer::Peer;

pub(super) fn router(orders: Peer) -> Result<Router> {
    Ok(Router::new()
        .route("/checkout", post(checkout))
        .layer(from_fn(tell_trace))
        .with_state(Client::new(orders)?))
}

async fn checkout(
    State(orders): State<Client>,
    Json(checkout): Json<Checkout>,
) -> Result<impl IntoResponse, Failure> {
    if checkout.lines.is_empty() {
        return Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the basket is empty",
        ));
    }
    info!(
        user = checkout.user,
        lines = checkout.lines.len(),
        "checking out"
    );
    let answer = orders.post("/orders").json(&checkout).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    Ok((status, [(CONTENT_TYPE, "application/json")], body))
}

/// Tells the customer and the parent the id of the trace, if it is exported.
async fn tell_trace(request: Request, next: Next) -> Response {
    let trace_id = get_active_span(|span| {
        let context = span.span_context();
        // A trace that is not sampled has an id, too, but is not exported.
        context.is_sampled().then(|| context.trace_id())
    });
    let mut response = next.run(request).await;
    if let Some(value) = trace_id.and_then(|id| HeaderValue::try_from(id.to_string()).ok()) {
        response.headers_mut().insert(TRACE_ID, value);
    }
    let status = response.status();
    // If the parent is gone, nobody needs the notice.
    let _ = Notice::Answered(Answer { status, trace_id }).tell();
    response
}

/// The header with the id of the request's trace.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
