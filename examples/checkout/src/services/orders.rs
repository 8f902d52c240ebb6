//! Orders: reserves the goods, takes the money, tells the customer; undoes what must be undone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::KeyValue;
use opentelemetry::trace::get_active_span;

use super::client::{Client, accepted};
use super::failure::Failure;
use super::messages::{
    Checkout, NotificationRequest, Order, PaymentRequest, Reservation, ReservationRequest,
};

pub(super) fn router(
    inventory: SocketAddr,
    payment: SocketAddr,
    notification: SocketAddr,
) -> Result<Router> {
    let desk = Desk {
        inventory: Client::new(inventory)?,
        payment: Client::new(payment)?,
        notification: Client::new(notification)?,
        last_order: AtomicU64::new(0),
    };
    Ok(Router::new()
        .route("/orders", post(order))
        .with_state(Arc::new(desk)))
}

#[derive(Debug)]
struct Desk {
    inventory: Client,
    payment: Client,
    notification: Client,
    last_order: AtomicU64,
}

async fn order(
    State(desk): State<Arc<Desk>>,
    Json(checkout): Json<Checkout>,
) -> Result<(StatusCode, Json<Order>), Failure> {
    let Checkout { user, card, lines } = checkout;
    get_active_span(|span| span.set_attribute(KeyValue::new(USER_ID, user.clone())));

    let reservation: Reservation = desk.reserve(ReservationRequest { lines }).await?;
    let value_cents = reservation.value_cents;
    get_active_span(|span| {
        span.set_attribute(KeyValue::new(ORDER_VALUE, value_cents as f64 / 100.0));
    });

    if let Err(failure) = desk.pay(PaymentRequest { card, value_cents }).await {
        desk.release(&reservation).await?;
        return Err(failure);
    }

    let order = 1 + desk.last_order.fetch_add(1, Ordering::Relaxed);
    desk.notify(NotificationRequest { user, order }).await?;
    Ok((StatusCode::CREATED, Json(Order { order, value_cents })))
}

impl Desk {
    async fn reserve(&self, request: ReservationRequest) -> Result<Reservation, Failure> {
        let call = self.inventory.post("/reservations").json(&request);
        Ok(accepted(call).await?.json().await?)
    }

    async fn release(&self, reservation: &Reservation) -> Result<(), Failure> {
        let path = format!("/reservations/{}", reservation.reservation);
        let call = self.inventory.delete("/reservations/{reservation}", &path);
        accepted(call).await.map(drop)
    }

    async fn pay(&self, request: PaymentRequest) -> Result<(), Failure> {
        let call = self.payment.post("/payments").json(&request);
        accepted(call).await.map(drop)
    }

    async fn notify(&self, request: NotificationRequest) -> Result<(), Failure> {
        let call = self.notification.post("/notifications").json(&request);
        accepted(call).await.map(drop)
    }
}

const USER_ID: &str = "user.id";
const ORDER_VALUE: &str = "order.value";
