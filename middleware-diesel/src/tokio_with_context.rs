//! Blocking work of diesel-async in the caller's context.

use std::error::Error;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context as TaskContext, Poll};

use diesel_async::sync_connection_wrapper::SpawnBlocking;
use opentelemetry::Context;
use otel_propagation::spawn_blocking_with_context;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// Runs the blocking work of diesel-async's `SyncConnectionWrapper` on tokio, in the context of the
/// caller.
///
/// It is the second type parameter of the wrapper. The default is a type of diesel-async that does
/// not pass the context to its threads, so each query would begin its own trace. With this type, a
/// query runs in the context that is current when it is called.
///
/// A query outside a tokio runtime fails with `UnableToSendCommand`. As with the default, dropping
/// a future waits for its query, because the connection is in use until then.
///
/// ```
/// use diesel::SqliteConnection;
/// use diesel_async::AsyncConnection;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
/// use otel_middleware_diesel::TokioWithContext;
///
/// type Connection = SyncConnectionWrapper<SqliteConnection, TokioWithContext>;
///
/// # async fn example() -> diesel::ConnectionResult<()> {
/// let connection = Connection::establish(":memory:").await?;
/// # drop(connection);
/// # Ok(())
/// # }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(example()).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioWithContext;

impl SpawnBlocking for TokioWithContext {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> Pin<Box<dyn Future<Output = Result<R, BoxError>> + Send + 'a>>
    where
        R: Send + 'static,
    {
        if Handle::try_current().is_err() {
            return Box::pin(async { Err("there is no tokio runtime".into()) });
        }
        let (sender, ended) = channel();
        let work = Work {
            task,
            _ended: sender,
        };
        let spawned = spawn_blocking_with_context(Context::current(), move || work.run());
        Box::pin(Running { spawned, ended })
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// The work, and a value whose drop shows that it has ended: it is dropped last, whether the work
/// ran or not.
struct Work<F> {
    task: F,
    _ended: Sender<()>,
}

impl<F> Work<F> {
    fn run<R>(self) -> R
    where
        F: FnOnce() -> R,
    {
        (self.task)()
    }
}

/// The work under way, which has the connection.
struct Running<R> {
    spawned: JoinHandle<R>,
    ended: Receiver<()>,
}

impl<R> Future for Running<R> {
    type Output = Result<R, BoxError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.spawned).poll(task);
        polled.map_err(BoxError::from)
    }
}

impl<R> Drop for Running<R> {
    /// Waits for the work; otherwise diesel-async would panic at the next query. It does not wait
    /// with a future, as diesel-async does, because tokio panics then on a runtime of one thread.
    fn drop(&mut self) {
        // Nothing is ever sent. This returns at once if the work has ended.
        let _ = self.ended.recv();
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
