//! One attempt to send a request. The next attempt has to know it, even if its future was dropped.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The last attempt to send a request, kept in the extensions, which a retrying middleware keeps.
///
/// If it is still under way, a second middleware in the same stack sees the same attempt again. The
/// second one ignores it, or records it if the first one left it out.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) resend_count: u32,
    pub(crate) mark: Mark,
    pub(crate) is_recorded: bool,
}

/// An attempt that is under way until this is dropped.
///
/// Its number is shared with its [`Mark`]. Later attempts of the thread reuse the allocation with
/// the next number.
pub(crate) struct UnderWay {
    number: Arc<AtomicU64>,
}

/// Kept in the extensions, for the next attempt to find.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    current: Arc<AtomicU64>,
    number: u64,
}

impl UnderWay {
    pub(crate) fn begin() -> Self {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
        Self {
            number: spare.ok().flatten().unwrap_or_default(),
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            current: self.number.clone(),
            number: self.number.load(Ordering::Relaxed),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.number.fetch_add(1, Ordering::Relaxed);
        // If the thread is about to end, it is dropped.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MAX_SPARE {
                spare.push(self.number.clone());
            }
        });
    }
}

impl Mark {
    pub(crate) fn is_under_way(&self) -> bool {
        self.current.load(Ordering::Relaxed) == self.number
    }
}

thread_local! {
    static SPARE: RefCell<Vec<Arc<AtomicU64>>> = const { RefCell::new(Vec::new()) };
}

const MAX_SPARE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_of_its_own_attempt_only() {
        let first = UnderWay::begin();
        let mark = first.mark();
        assert!(mark.is_under_way());
        drop(first);
        assert!(!mark.is_under_way());

        let second = UnderWay::begin();
        assert!(second.mark().is_under_way());
        assert!(!mark.is_under_way());
    }
}
