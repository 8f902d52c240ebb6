//! Values that a completed request leaves for the next one of its thread, which saves an
//! allocation.

use std::cell::RefCell;

/// A few values of a thread, to be kept in a `thread_local!`.
pub(crate) struct Pool<T>(RefCell<Vec<T>>);

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.0.borrow_mut().pop()
    }

    /// Keeps the value, or drops it if there are enough.
    pub(crate) fn leave(&self, value: T) {
        let mut values = self.0.borrow_mut();
        if values.len() < ENOUGH {
            values.push(value);
        }
    }
}

/// The number of operations under way at a time in most threads; a larger burst allocates. A thread
/// that had as many keeps some 10 KiB of operations and lists, or 35 KiB with the longest lists.
const ENOUGH: usize = 16;
