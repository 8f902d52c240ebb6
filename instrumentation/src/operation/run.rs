//! Work that runs in an operation's context.

use std::mem;

use super::lifecycle::Operation;
use super::server_span::Serving;

impl Operation {
    /// Runs `work` with [`context`](Self::context) attached: calls of the inner service, polls of
    /// its future and polls of its body.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let Some(state) = self.state() else {
            return work();
        };
        let _attached = state.context.clone().attach();
        let _serving = state.served.clone().map(Serving::enter);
        work()
    }

    /// As [`run`](Self::run), for futures and bodies that carry an operation along, by itself or in
    /// a value of their own: a panic of `work` drops what is carried, which ends the operation.
    ///
    /// The drop of the future is too late for that. A layer further out may catch the panic and
    /// drop the future afterwards, when nothing is panicking any more.
    pub fn run_in<C, T>(carried: &mut Option<C>, work: impl FnOnce() -> T) -> T
    where
        C: AsRef<Operation>,
    {
        let unwinding = Unwinding(carried);
        let result = match &unwinding.0 {
            Some(carried) => carried.as_ref().run(work),
            None => work(),
        };
        mem::forget(unwinding);
        result
    }
}

/// Drops what is carried when it is dropped, which happens only while panicking.
struct Unwinding<'a, C>(&'a mut Option<C>);

impl<C> Drop for Unwinding<'_, C> {
    fn drop(&mut self) {
        // Dropped while panicking, which is what the operation looks at.
        self.0.take();
    }
}
