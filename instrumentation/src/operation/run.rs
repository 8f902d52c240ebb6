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

    /// The same as [`run`](Self::run), for futures and bodies that hold an operation, directly or
    /// inside another value. If `work` panics, `carried` is dropped, which ends the operation.
    ///
    /// The drop of the future would be too late, because an outer layer may catch the panic and
    /// drop the future after the unwinding.
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

/// Drops the carried value on its own drop, which happens only while panicking.
struct Unwinding<'a, C>(&'a mut Option<C>);

impl<C> Drop for Unwinding<'_, C> {
    fn drop(&mut self) {
        // The operation checks in its drop whether the thread is panicking.
        self.0.take();
    }
}
