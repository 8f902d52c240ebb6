//! Polls queries and counts only this thread. SQLite itself runs on the driver's thread.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Called with everything that the service's thread does for its queries, and nothing else: the
/// driver's thread and the waits for it are not counted.
pub type Measure<'a> = dyn FnMut(&mut dyn FnMut()) + 'a;

/// Polls it to its end.
pub fn measured<F: Future>(future: F, measure: &mut Measure<'_>) -> F::Output {
    let woken = Arc::new(Woken {
        thread: thread::current(),
        is_woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&woken));
    let mut task = Context::from_waker(&waker);
    // Dropping the future is counted, too.
    let mut future = pin!(Some(future));
    loop {
        let mut output = None;
        measure(&mut || {
            let polled = future.as_mut().as_pin_mut().map(|it| it.poll(&mut task));
            if let Some(Poll::Ready(ready)) = polled {
                future.set(None);
                output = Some(ready);
            }
        });
        if let Some(output) = output {
            return output;
        }
        while !woken.is_woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Woken {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
