//! The code of `docs/handler.md` for actix-web, literally.

use actix_web::web::{self, Payload};
use actix_web::{Error, HttpRequest, HttpResponse, rt};
use actix_ws::{MessageStream, Session};
use opentelemetry::trace::{FutureExt, Tracer};
use opentelemetry::{Context, global};
use otel_middleware_actix::ErrorType;
use tracing::{Instrument, instrument};

use crate::snippets::reserve;

pub(crate) async fn declined_by_actix() -> HttpResponse {
    let mut response = HttpResponse::PaymentRequired().finish();
    response.extensions_mut().insert(ErrorType("card_declined"));
    response
}

pub(crate) async fn start_a_task_in_actix() {
    rt::spawn(reserve().with_context(Context::current()));
    // The same, where `tracing` is set up:
    rt::spawn(reserve().in_current_span());
}

pub(crate) async fn block_in_actix() -> Vec<u8> {
    let context = Context::current();
    let receipt = web::block(move || {
        let _attached = context.attach();
        global::tracer("shop").in_span("print", |_| b"%PDF".to_vec())
    });
    receipt.await.unwrap_or_default()
}

pub(crate) async fn chat_in_actix(
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Error> {
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    rt::spawn(talk_in_actix(session, messages).with_context(Context::current()));
    Ok(response)
}

#[instrument(skip_all)]
pub(crate) async fn talk_in_actix(_session: Session, mut messages: MessageStream) {
    while let Some(Ok(_message)) = messages.recv().await { /* … */ }
}
