//! Waits for another thread that is starting a span, which is rare and takes a microsecond.
//!
//! There is one lock for all spans: a lock in each would be an allocation or a word in all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Returns what `look` finds. It looks again whenever a span has been started.
pub(crate) fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let _one = Waiter::new();
    let mut guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(found) = look() {
            return found;
        }
        guard = STARTED.wait(guard).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Called when a span has been started.
pub(crate) fn wake() {
    if WAITERS.load(Ordering::SeqCst) > 0 {
        // Every thread that has looked in vain is waiting by now.
        drop(LOCK.lock());
        STARTED.notify_all();
    }
}

/// Counted before the thread looks, so that a later start knows of it.
struct Waiter;

impl Waiter {
    fn new() -> Self {
        WAITERS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        WAITERS.fetch_sub(1, Ordering::SeqCst);
    }
}

static WAITERS: AtomicUsize = AtomicUsize::new(0);
static LOCK: Mutex<()> = Mutex::new(());
static STARTED: Condvar = Condvar::new();
