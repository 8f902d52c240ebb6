//! Queries, and what this thread does for them: SQLite itself runs on the driver's own thread.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Called with everything that the thread of a service does for its queries, and with nothing else:
/// neither the driver's thread nor the waits for it count.
pub type Measure<'a> = dyn FnMut(&mut dyn FnMut()) + 'a;

/// Polls it to its end.
pub fn measured<F: Future>(future: F, measure: &mut Measure<'_>) -> F::Output {
    let woken = Arc::new(Woken {
        thread: thread::current(),
        is_woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&woken));
    let mut task = Context::from_waker(&waker);
    // What drops the future is a part of it, too.
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
