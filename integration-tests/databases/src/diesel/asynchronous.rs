//! diesel-async's way to SQLite, for what needs a future.

use std::sync::mpsc::channel;

use diesel::{SqliteConnection, sql_query};
use diesel_async::RunQueryDsl;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use futures_util::poll;
use otel_middleware_diesel::TokioWithContext;

use crate::scenario::End;

type Wrapped = SyncConnectionWrapper<SqliteConnection, TokioWithContext>;

/// Polls the query once and drops it. The drop waits for the query.
pub(super) async fn give_up(connection: SqliteConnection, text: &'static str) -> End {
    let mut connection = Wrapped::new(connection);
    let (release, released) = channel::<()>();
    let mut query = connection.spawn_blocking(move |connection| {
        // It returns an error, as nothing is sent.
        let _ = released.recv();
        diesel::RunQueryDsl::execute(sql_query(text), connection)
    });
    assert!(poll!(query.as_mut()).is_pending());
    drop(release);
    drop(query);
    End::GivenUp
}

/// Calls the query and drops its future before it is polled.
pub(super) fn never_poll(connection: SqliteConnection, text: &str) -> End {
    let mut connection = Wrapped::new(connection);
    drop(sql_query(text).execute(&mut connection));
    End::GivenUp
}
