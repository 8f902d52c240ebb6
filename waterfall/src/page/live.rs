//! Notifies the script of changes.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use tokio::time::sleep;

use crate::traces::Traces;

pub(super) async fn changes(
    State(traces): State<Traces>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = stream::unfold(traces.changes(), |mut changes| async {
        changes.changed().await.ok()?;
        // A person cannot read faster.
        sleep(BREATH).await;
        let change = *changes.borrow_and_update();
        Some((Ok(Event::default().data(change.to_string())), changes))
    });
    Sse::new(changes).keep_alive(KeepAlive::default())
}

const BREATH: Duration = Duration::from_millis(500);
