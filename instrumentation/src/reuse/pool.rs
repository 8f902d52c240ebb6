//! What a completed request leaves for the next one of its thread, which need not allocate it then.

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

    /// Drops the value where there are enough.
    pub(crate) fn leave(&self, value: T) {
        let mut values = self.0.borrow_mut();
        if values.len() < ENOUGH {
            values.push(value);
        }
    }
}

/// As many as are under way at a time in most threads; a burst beyond allocates. Some 10 KiB of
/// operations and lists are kept by a thread that had as many, 35 KiB with the longest of lists.
const ENOUGH: usize = 16;
