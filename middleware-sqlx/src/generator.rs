//! A stream from an `async` block, which may borrow from what it owns.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project::pin_project;

/// A stream of the items that the future from `make` sends to its [`Sink`], and of the error with
/// which it ends.
pub(crate) fn stream<T, E, F>(make: impl FnOnce(Sink<T>) -> F) -> Generator<T, F>
where
    F: Future<Output = Result<(), E>>,
{
    let slot: Slot<T> = Arc::default();
    let future = make(Sink(slot.clone()));
    Generator {
        slot,
        future: Some(future),
    }
}

type Slot<T> = Arc<Mutex<Option<T>>>;

#[pin_project]
pub(crate) struct Generator<T, F> {
    slot: Slot<T>,
    /// `None` once it has completed.
    #[pin]
    future: Option<F>,
}

impl<T, E, F> Stream for Generator<T, F>
where
    F: Future<Output = Result<(), E>>,
{
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        match future.poll(task) {
            Poll::Ready(result) => {
                this.future.set(None);
                Poll::Ready(result.err().map(Err))
            }
            Poll::Pending => match take(this.slot) {
                Some(item) => Poll::Ready(Some(Ok(item))),
                None => Poll::Pending,
            },
        }
    }
}

/// The place for the stream's next item, which the future puts there.
pub(crate) struct Sink<T>(Slot<T>);

impl<T> Sink<T> {
    /// Sends an item. Resolves when the stream is polled for the next one.
    pub(crate) fn send(&mut self, item: T) -> Sent<'_, T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(item);
        Sent(&self.0)
    }
}

pub(crate) struct Sent<'a, T>(&'a Slot<T>);

impl<T> Future for Sent<'_, T> {
    type Output = ();

    /// No task has to be woken, because the stream is ready as soon as the future is pending.
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *slot {
            Some(_) => Poll::Pending,
            None => Poll::Ready(()),
        }
    }
}

fn take<T>(slot: &Slot<T>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
