//! Notification: tells the customer that the order is on its way.

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
    let NotificationRequest { user, order } = request;
    let text = format!("Thank you, {user}! Order {order} is on its way.");
    info!(user, order, "customer told");
    (StatusCode::ACCEPTED, Json(json!({ "text": text })))
}
