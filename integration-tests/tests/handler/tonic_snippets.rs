//! The code of `docs/handler.md` for tonic, literally.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use otel_middleware_tonic::{ErrorType, server_span};
use tonic::{Request, Response, Status};

use crate::snippets::pack;

pub(crate) type Rows = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

pub(crate) async fn declined_call(_order: Request<String>) -> Result<Response<String>, Status> {
    server_span().set_error(ErrorType("card_declined"), "the bank said no");
    Err(Status::failed_precondition("declined"))
}

pub(crate) async fn export_call(_: Request<String>) -> Result<Response<Rows>, Status> {
    let rows = stream::iter([1, 2]).then(async |order| {
        pack(order).await;
        Ok(order.to_string())
    });
    Ok(Response::new(Box::pin(rows)))
}
