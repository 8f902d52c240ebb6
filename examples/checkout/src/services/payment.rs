//! Payment: authorizes cards, or declines them.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use actix_web::HttpResponse;
use actix_web::web::{self, Json, ServiceConfig};
use axum::http::StatusCode;
use opentelemetry::global;
use opentelemetry::trace::{Span, Tracer};
use tracing::{info, warn};

use super::failure::Failure;
use super::messages::{Payment, PaymentRequest};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/payments", web::post().to(pay));
}

async fn pay(Json(request): Json<PaymentRequest>) -> Result<HttpResponse, Failure> {
    // Our own span: a child of the server span that the middleware has started.
    let mut span = global::tracer("payment").start("authorize card");
    let card = request.card.clone();
    let authorization = web::block(move || authorization(&card, request.value_cents)).await?;
    span.end();

    if request.card.ends_with(DECLINED_SUFFIX) {
        warn!(value_cents = request.value_cents, "card declined");
        let failure = Failure::new(StatusCode::PAYMENT_REQUIRED, "the card was declined");
        return Err(failure.with_error_type("card_declined"));
    }
    info!(authorization, "card authorized");
    Ok(HttpResponse::Created().json(Payment { authorization }))
}

/// Computes a code deliberately slowly, as for real ones.
fn authorization(card: &str, value_cents: i64) -> String {
    let hasher = BuildHasherDefault::<DefaultHasher>::new();
    let code = (0..ROUNDS).fold(0, |code: u64, round| {
        hasher.hash_one((card, value_cents, code, round))
    });
    format!("{code:016x}")
}

/// Cards with these last digits are declined.
pub(crate) const DECLINED_SUFFIX: &str = "0002";
const ROUNDS: u32 = 80_000;
