//! The limits of items that wait for their export, in number and in bytes.
//!
//! The SDK's processors drop items if their queue is full, and report the number only at their
//! shutdown. So the limits are applied here, in front of the processors, which then never have to
//! drop anything.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread::Thread;

use crate::batch::Batch;
use crate::notice::Notice;
use crate::signal::Signal;

/// The room for items that have ended and are not yet being exported.
#[derive(Debug)]
pub(crate) struct Queue {
    signal: Signal,
    most: usize,
    /// The name of the setting for the limit.
    setting: &'static str,
    most_bytes: usize,
    /// How many spans have begun. Log records have no beginning.
    begun: AtomicU64,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    passed: AtomicU64,
    dropped: AtomicU64,
    is_told: AtomicBool,
    /// How many of the dropped items have been reported.
    told: AtomicU64,
    /// The thread to wake when an item enters the empty queue, and whether it waits now.
    waker: OnceLock<Thread>,
    is_awaited: AtomicBool,
}

impl Queue {
    /// Room for as many items as a batch processor may hold, and for this many bytes.
    pub(crate) fn of(signal: Signal, batch: &Batch, most_bytes: usize) -> Self {
        Self {
            signal,
            most: batch.queue,
            setting: batch.setting,
            most_bytes,
            begun: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            passed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
            told: AtomicU64::new(0),
            waker: OnceLock::new(),
            is_awaited: AtomicBool::new(false),
        }
    }

    /// Counts a span that ends later, and asks for room only then.
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of spans that have begun and not ended.
    pub(crate) fn open(&self) -> u64 {
        let ended = self.recorded() + self.dropped();
        self.begun.load(Ordering::Relaxed).saturating_sub(ended)
    }

    /// Takes room for an item of this size. `false` if there is none: the item is counted as
    /// dropped, and the first one is reported.
    pub(crate) fn admits(&self, bytes: usize) -> bool {
        // Takes the room first and gives it back if it was too much, so that two threads cannot
        // both take the last room.
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting_bytes = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        // An item larger than the whole queue is accepted if the queue is empty.
        if waiting < self.most
            && (waiting == 0 || waiting_bytes.saturating_add(bytes) <= self.most_bytes)
        {
            if waiting == 0 && self.is_awaited.swap(false, Ordering::SeqCst) {
                self.wake();
            }
            return true;
        }
        self.give_back(1, bytes);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if !self.is_told.swap(true, Ordering::Relaxed) {
            self.tell_that_it_is_full(waiting);
        }
        false
    }

    /// Gives room back: these items are being exported now.
    pub(crate) fn release(&self, items: usize, bytes: usize) {
        self.passed.fetch_add(items as u64, Ordering::Relaxed);
        self.give_back(items, bytes);
    }

    /// Reports a full queue again from now on. Everything dropped so far has been reported.
    pub(crate) fn tell_again(&self) {
        self.told.store(self.dropped(), Ordering::Relaxed);
        self.is_told.store(false, Ordering::Relaxed);
    }

    /// The number of dropped items that have not been reported, if the queue was full and has room
    /// again.
    pub(crate) fn has_drained(&self) -> Option<u64> {
        let untold = self.dropped() - self.told.load(Ordering::Relaxed);
        (untold > 0 && self.waiting() <= self.most / 4).then_some(untold)
    }

    /// Wakes this thread, always the same one, when an item enters the empty queue, or at once if
    /// the queue is not empty.
    pub(crate) fn wake_at_first(&self, thread: Thread) {
        let _ = self.waker.set(thread);
        // The order matters: either `admits` sees that the thread is waiting, or its item is seen
        // here.
        self.is_awaited.store(true, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.is_awaited.store(false, Ordering::Relaxed);
        }
    }

    /// Whether no item has come since.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    #[cold]
    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.unpark();
        }
    }

    /// The number of items that have come, in total.
    pub(crate) fn recorded(&self) -> u64 {
        self.passed() + self.waiting() as u64
    }

    pub(crate) fn capacity(&self) -> usize {
        self.most
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The number of items handed to the exporter, in total.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// The number of dropped items, in total.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn give_back(&self, items: usize, bytes: usize) {
        self.waiting.fetch_sub(items, Ordering::Relaxed);
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    #[cold]
    fn tell_that_it_is_full(&self, waiting: usize) {
        let (signal, unit) = (self.signal, self.signal.unit());
        let room = match waiting < self.most {
            true => format!("{} bytes", self.most_bytes),
            false => format!("{} {unit} ({})", self.most, self.setting),
        };
        let text = format!(
            "the queue of {signal} is full with {room}: {unit} are dropped until there is room, \
             and counted"
        );
        Notice::warning(text).say_locally();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room_for(queue: usize) -> Batch {
        Batch {
            queue,
            ..Batch::SPANS
        }
    }

    fn queue() -> Queue {
        Queue::of(Signal::Traces, &room_for(3), 100)
    }

    #[test]
    fn room_is_limited_in_number_and_in_bytes() {
        let queue = queue();
        for _ in 0..3 {
            assert!(queue.admits(10));
        }
        assert!(!queue.admits(10));
        queue.release(2, 20);
        assert!(queue.admits(90));
        assert!(!queue.admits(1));
        assert_eq!((queue.waiting(), queue.dropped()), (2, 2));
        queue.release(2, 100);
        assert!(queue.admits(1_000));
        assert!(!queue.admits(0));
    }

    #[test]
    fn what_was_dropped_is_told_once_there_is_room_again() {
        let queue = queue();
        assert_eq!(queue.has_drained(), None);
        let admitted = (0..5).filter(|_| queue.admits(1)).count();
        assert_eq!((admitted, queue.has_drained()), (3, None));
        queue.release(3, 3);
        assert_eq!(queue.has_drained(), Some(2));
        queue.tell_again();
        assert_eq!(queue.has_drained(), None);
    }

    #[test]
    fn room_is_never_given_out_twice() {
        let queue = Queue::of(Signal::Logs, &room_for(100), usize::MAX);
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| queue.admits(1)).count()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        // A thread that briefly takes too much may keep another one out, but never lets one in.
        assert!(admitted <= 100, "{admitted}");
        assert_eq!(queue.waiting(), admitted);
        assert_eq!(admitted as u64 + queue.dropped(), 8_000);
    }
}
