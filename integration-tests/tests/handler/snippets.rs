//! The code of `docs/handler.md` for axum and for all frameworks, literally.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use opentelemetry::metrics::Counter;
use opentelemetry::trace::{FutureExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use otel_middleware_axum::{ErrorType, server_span};
use otel_propagation::{
    MessageExtractor, MessageInjector, extract, inject, spawn_blocking_with_context,
    spawn_with_context,
};
use tokio::sync::mpsc;
use tracing::{Instrument, info, instrument};

pub(crate) async fn attribute() {
    server_span().set_attribute(KeyValue::new("shop.basket.size", 3));
}

#[instrument(fields(shop.items = 3))]
pub(crate) async fn reserve() {
    info!("reserved");
}

pub(crate) async fn price() -> i64 {
    global::tracer("shop").in_span("price", |_| 4_200)
}

pub(crate) async fn declined() {
    server_span().set_error(ErrorType("card_declined"), "the bank said no");
}

pub(crate) async fn declined_response() -> Response {
    let mut response = StatusCode::PAYMENT_REQUIRED.into_response();
    response.extensions_mut().insert(ErrorType("card_declined"));
    response
}

pub(crate) async fn rename() {
    server_span().update_name("GET checkout");
}

static DECLINED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let meter = global::meter("shop");
    meter.u64_counter("shop.cards.declined").build()
});

pub(crate) async fn count() {
    DECLINED.add(1, &[KeyValue::new("shop.card.brand", "visa")]);
}

pub(crate) async fn start_a_task() {
    spawn_with_context(Context::current(), reserve());
    // The same, where `tracing` is set up:
    tokio::spawn(reserve().in_current_span());
}

pub(crate) async fn block() -> Vec<u8> {
    let receipt = spawn_blocking_with_context(Context::current(), || {
        global::tracer("shop").in_span("print", |_| b"%PDF".to_vec())
    });
    receipt.await.unwrap_or_default()
}

pub(crate) async fn export() -> Body {
    let rows = stream::iter([1, 2]).then(async |order| {
        pack(order).await;
        Ok::<_, Infallible>(format!("{order}\n"))
    });
    Body::from_stream(rows)
}

pub(crate) async fn chat(upgrade: WebSocketUpgrade) -> Response {
    let context = Context::current();
    upgrade.on_upgrade(|socket| talk(socket).with_context(context))
}

#[instrument(skip_all)]
pub(crate) async fn talk(mut socket: WebSocket) {
    while let Some(Ok(_message)) = socket.recv().await { /* … */ }
}

pub(crate) async fn hand_over(jobs: mpsc::Sender<(Context, u64)>) {
    let _ = jobs.send((Context::current(), 7)).await;
}

pub(crate) async fn work_on(mut jobs: mpsc::Receiver<(Context, u64)>) {
    while let Some((context, order)) = jobs.recv().await {
        pack(order).with_context(context).await;
    }
}

#[instrument]
pub(crate) async fn pack(order: u64) {
    info!("packed");
}

pub(crate) fn publish() -> HashMap<String, String> {
    let mut headers = HashMap::new();
    inject(&Context::current(), &mut MessageInjector(&mut headers));
    headers
}

pub(crate) async fn consume(headers: HashMap<String, String>) {
    let context = extract(&Context::new(), &MessageExtractor(&headers));
    pack(7).with_context(context).await;
}
