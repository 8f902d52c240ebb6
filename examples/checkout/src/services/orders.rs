//! Orders: reserves the goods, charges the card, informs the customer, and undoes these steps if
//! necessary.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::KeyValue;
use opentelemetry::trace::get_active_span;
use tracing::{info, warn};

use super::announcer::Announcer;
use super::client::{self, Client, Inventory, accepted};
use super::failure::Failure;
use super::inventory_api as api;
use super::inventory_api::reserve_response::Progress;
use super::messages::{Checkout, Line, NotificationRequest, Order, PaymentRequest};
use super::peer::Peer;

pub(super) fn router(inventory: &Peer, payment: Peer, announcer: Announcer) -> Result<Router> {
    let desk = Desk {
        inventory: client::inventory(inventory)?,
        payment: Client::new(payment)?,
        announcer,
        last_order: AtomicU64::new(0),
    };
    Ok(Router::new()
        .route("/orders", post(order))
        .with_state(Arc::new(desk)))
}

#[derive(Debug)]
struct Desk {
    inventory: Inventory,
    payment: Client,
    announcer: Announcer,
    last_order: AtomicU64,
}

async fn order(
    State(desk): State<Arc<Desk>>,
    Json(checkout): Json<Checkout>,
) -> Result<(StatusCode, Json<Order>), Failure> {
    let Checkout { user, card, lines } = checkout;
    get_active_span(|span| span.set_attribute(KeyValue::new(USER_ID, user.clone())));

    let Reserved {
        reservation,
        value_cents,
    } = desk.reserve(lines).await?;
    get_active_span(|span| {
        span.set_attribute(KeyValue::new(ORDER_VALUE, value_cents as f64 / 100.0));
    });

    if let Err(failure) = desk.pay(PaymentRequest { card, value_cents }).await {
        desk.release(reservation).await?;
        warn!(reservation, "order given up");
        return Err(failure);
    }

    let order = 1 + desk.last_order.fetch_add(1, Ordering::Relaxed);
    info!(order, value_cents, "order placed");
    let request = NotificationRequest { user, order };
    desk.announcer.announce(&request).await?;
    Ok((StatusCode::CREATED, Json(Order { order, value_cents })))
}

struct Reserved {
    reservation: i64,
    value_cents: i64,
}

impl Desk {
    /// Adds up the values while the inventory checks each line. It reads the stream to its end,
    /// which says whether all went well.
    async fn reserve(&self, lines: Vec<Line>) -> Result<Reserved, Failure> {
        let lines = lines.into_iter().map(api::Line::from).collect();
        let request = api::ReserveRequest { lines };
        let mut answers = self.inventory.clone().reserve(request).await?.into_inner();
        let mut value_cents = 0;
        let mut reservation = None;
        while let Some(api::ReserveResponse { progress }) = answers.message().await? {
            match progress {
                Some(Progress::Line(line)) => value_cents += line.value_cents,
                Some(Progress::Reservation(number)) => reservation = Some(number),
                // A kind of progress that this version of the program does not know.
                None => {}
            }
        }
        let reservation = reservation.ok_or_else(|| {
            Failure::new(StatusCode::BAD_GATEWAY, "the inventory reserved nothing")
        })?;
        Ok(Reserved {
            reservation,
            value_cents,
        })
    }

    async fn release(&self, reservation: i64) -> Result<(), Failure> {
        let request = api::ReleaseRequest { reservation };
        self.inventory.clone().release(request).await?;
        Ok(())
    }

    async fn pay(&self, request: PaymentRequest) -> Result<(), Failure> {
        let call = self.payment.post("/payments").json(&request);
        accepted(call).await
    }
}

impl From<Line> for api::Line {
    fn from(Line { sku, quantity }: Line) -> Self {
        Self { sku, quantity }
    }
}

const USER_ID: &str = "user.id";
const ORDER_VALUE: &str = "order.value";

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tokio::net::TcpSocket;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn inventory_that_is_not_there_is_a_bad_gateway() {
        // Its port stays bound, so that nothing else can get it, but nothing listens.
        let nobody = TcpSocket::new_v4().unwrap();
        nobody.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let nowhere = Peer::from(nobody.local_addr().unwrap());
        let request = Request::post("/orders")
            .header("content-type", "application/json")
            .body(r#"{"user":"ada","card":"42","lines":[]}"#.to_owned());
        let announcer = Announcer::new(nowhere.clone(), None).unwrap();
        let router = router(&nowhere, nowhere.clone(), announcer).unwrap();
        let answer = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    }
}
