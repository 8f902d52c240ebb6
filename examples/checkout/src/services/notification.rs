//! Notification: tells the customer that the order is on its way, once it is announced.

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tracing::info;

use super::messages::NotificationRequest;

pub(super) fn router() -> Router {
    Router::new().route("/notifications", post(notify))
}

async fn notify(Json(request): Json<NotificationRequest>) -> (StatusCode, Json<Value>) {
    let text = told(request);
    (StatusCode::ACCEPTED, Json(json!({ "text": text })))
}

/// The message to the customer.
pub(super) fn told(NotificationRequest { user, order }: NotificationRequest) -> String {
    info!(user, order, "customer told");
    format!("Thank you, {user}! Order {order} is on its way.")
}
