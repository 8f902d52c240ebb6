//! The gateway: where customers come in.

use std::net::SocketAddr;

use anyhow::Result;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::trace::get_active_span;
use tracing::info;

use super::client::Client;
use super::failure::Failure;
use super::messages::Checkout;

pub(super) fn router(orders: SocketAddr) -> Result<Router> {
    Ok(Router::new()
        .route("/checkout", post(checkout))
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
    let trace_id = get_active_span(|span| span.span_context().trace_id().to_string());
    Ok((
        status,
        [
            (CONTENT_TYPE, "application/json".to_owned()),
            (TRACE_ID, trace_id),
        ],
        body,
    ))
}

/// Tells the customer which trace to ask for.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
