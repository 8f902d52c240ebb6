//! For frameworks that drop a handler when its HTTP/2 stream is reset.

use opentelemetry::trace::SpanKind;

use super::connections::{expected, get};
use super::{Expected, Running, ServerApp};
use crate::observed::spans_of;
use crate::wire::{Http2, in_time};

/// HS-21: the connection stays open.
pub async fn a_stream_that_is_reset_before_the_head_cancels(app: &impl ServerApp) {
    let running = Running::start(app).await;
    let mut connection = Http2::connect(running.address()).await;
    let entered = in_time("the handler", running.controller.entered());
    tokio::select! {
        _ = connection.send(get("/hang")) => unreachable!("it hangs"),
        () = entered => {}
    }
    spans_of(&running.capture, SpanKind::Server, 1).await;
    let client = connection.address();
    drop(connection);
    let expected = Expected {
        status: None,
        error: Some("cancelled"),
        ..expected("/hang")
    };
    running.expect(client, &expected).await;
}
