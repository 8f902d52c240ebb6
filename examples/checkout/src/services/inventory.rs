//! Inventory: knows what is in stock and keeps it for an order.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, post};
use axum::{Json, Router};
use opentelemetry::Context;
use tokio::task;

use super::database::{Database, Refusal};
use super::failure::Failure;
use super::messages::{Reservation, ReservationRequest};

pub(super) fn router() -> Result<Router> {
    let database = Database::open().context("the stock cannot be read")?;
    Ok(Router::new()
        .route("/reservations", post(reserve))
        .route("/reservations/{reservation}", delete(release))
        .with_state(Arc::new(database)))
}

async fn reserve(
    State(database): State<Arc<Database>>,
    Json(request): Json<ReservationRequest>,
) -> Result<(StatusCode, Json<Reservation>), Failure> {
    let reservation = on_blocking_thread(move || database.reserve(&request.lines)).await?;
    Ok((StatusCode::CREATED, Json(reservation?)))
}

async fn release(
    State(database): State<Arc<Database>>,
    Path(reservation): Path<i64>,
) -> Result<StatusCode, Failure> {
    on_blocking_thread(move || database.release(reservation)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// `SQLite` blocks, so it gets a thread that may; the context goes with it, or the spans of the
/// queries would belong to nobody.
async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let context = Context::current();
    let done = task::spawn_blocking(move || {
        let _attached = context.attach();
        work()
    });
    Ok(done.await?)
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OutOfStock { sku } => {
                Self::new(StatusCode::CONFLICT, format!("{sku} is out of stock"))
                    .with_error_type("out_of_stock")
            }
            Refusal::Database(error) => error.into(),
        }
    }
}
