//! How much waits for an export, in numbers and in bytes.
//!
//! The SDK's processors drop what their queue has no room for, and keep the number to themselves
//! until they are shut down. So the room is given out here, in front of them, and they never have
//! to drop anything.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread::Thread;

use crate::batch::Batch;
use crate::notice::Notice;
use crate::signal::Signal;

/// The room for what has ended and is not yet under way.
#[derive(Debug)]
pub(crate) struct Queue {
    signal: Signal,
    most: usize,
    /// What sets that.
    setting: &'static str,
    most_bytes: usize,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    passed: AtomicU64,
    dropped: AtomicU64,
    is_told: AtomicBool,
    /// How many of the dropped ones have been told.
    told: AtomicU64,
    /// Who wants to know that something has come into the empty queue, and whether that is so now.
    waker: OnceLock<Thread>,
    is_awaited: AtomicBool,
}

impl Queue {
    /// Room for as many as a batch processor may have waiting, and for so many bytes.
    pub(crate) fn of(signal: Signal, batch: &Batch, most_bytes: usize) -> Self {
        Self {
            signal,
            most: batch.queue,
            setting: batch.setting,
            most_bytes,
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

    /// Takes room for one of this size. `false` if there is none: it is counted as dropped, and
    /// the first one is told.
    pub(crate) fn admits(&self, bytes: usize) -> bool {
        // Taken first and given back if it was too much, so that two threads cannot both take the
        // last room.
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting_bytes = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        // Something larger than all the room there is goes through an empty queue.
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

    /// Gives room back: these are under way now.
    pub(crate) fn release(&self, items: usize, bytes: usize) {
        self.passed.fetch_add(items as u64, Ordering::Relaxed);
        self.give_back(items, bytes);
    }

    /// From now on a full queue is told again. What was dropped until now has been told.
    pub(crate) fn tell_again(&self) {
        self.told.store(self.dropped(), Ordering::Relaxed);
        self.is_told.store(false, Ordering::Relaxed);
    }

    /// How many have been dropped and not been told, if the queue was full and has room again.
    pub(crate) fn has_drained(&self) -> Option<u64> {
        let untold = self.dropped() - self.told.load(Ordering::Relaxed);
        (untold > 0 && self.waiting() <= self.most / 4).then_some(untold)
    }

    /// Wakes this thread, always the same one, when something comes into the empty queue, or at once
    /// if there is something in it.
    pub(crate) fn wake_at_first(&self, thread: Thread) {
        let _ = self.waker.set(thread);
        // In one order with what `admits` does: either it sees that it is awaited, or what it has let
        // in is seen here.
        self.is_awaited.store(true, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.is_awaited.store(false, Ordering::Relaxed);
        }
    }

    /// Whether nothing has come since.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    #[cold]
    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.unpark();
        }
    }

    /// How many have come, ever.
    pub(crate) fn recorded(&self) -> u64 {
        self.passed() + self.waiting() as u64
    }

    pub(crate) fn capacity(&self) -> usize {
        self.most
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many have been handed to the exporter, ever.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// How many have been dropped, ever.
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
        // A thread that takes too much for a moment may keep another one out, never let one in.
        assert!(admitted <= 100, "{admitted}");
        assert_eq!(queue.waiting(), admitted);
        assert_eq!(admitted as u64 + queue.dropped(), 8_000);
    }
}
