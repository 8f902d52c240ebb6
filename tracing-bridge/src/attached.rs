//! The contexts that entered spans have attached to this thread.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::{Context, ContextGuard};
use tracing::span::Id;

/// Distinguishes the layers of one thread: two registries use the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Attaches the context of a span that is entered.
    pub(crate) fn attach(self, id: &Id, context: Context) {
        let is_ending = USED.get() && ATTACHED.try_with(|_| ()).is_err();
        if is_ending {
            return;
        }
        USED.set(true);
        // Attached first: thread-locals are destroyed in reverse order when the thread ends, and
        // the guards need the API's own storage.
        let guard = context.attach();
        let _ = ATTACHED.try_with(|attached| attached.borrow_mut().push((self, id.clone(), guard)));
    }

    /// Detaches the span that is left, which need not be the one entered last.
    pub(crate) fn detach(self, id: &Id) {
        let guard = ATTACHED.try_with(|attached| {
            let mut attached = attached.borrow_mut();
            let is_it = |(owner, entered, _): &(Self, Id, _)| *owner == self && entered == id;
            let entered = match attached.pop_if(|last| is_it(last)) {
                Some(entered) => entered,
                None => {
                    let index = attached.iter().rposition(is_it)?;
                    attached.remove(index)
                }
            };
            Some(entered.2)
        });
        // Outside of the borrow: this may end a span, and processors may then enter others.
        drop(guard);
    }
}

thread_local! {
    /// Whether the other thread-local was ever used. It cannot be accessed while the thread ends.
    static USED: Cell<bool> = const { Cell::new(false) };
    static ATTACHED: RefCell<Vec<(Owner, Id, ContextGuard)>> = const { RefCell::new(Vec::new()) };
}
