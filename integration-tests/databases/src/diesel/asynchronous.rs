//! diesel-async's way to SQLite, for what needs a future.

use diesel::{SqliteConnection, sql_query};
use diesel_async::RunQueryDsl;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use futures_util::poll;
use otel_middleware_diesel::TokioWithContext;

use crate::scenario::End;

type Wrapped = SyncConnectionWrapper<SqliteConnection, TokioWithContext>;

/// Polls the query once, unless it is not to be polled at all, and drops it.
pub(super) async fn give_up(connection: SqliteConnection, text: &str, is_polled: bool) -> End {
    let mut connection = Wrapped::new(connection);
    let mut query = Box::pin(sql_query(text).execute(&mut connection));
    if is_polled {
        assert!(poll!(query.as_mut()).is_pending());
    }
    drop(query);
    End::GivenUp
}
