//! Work that runs in an operation's context.

use std::mem;

use super::Operation;
use super::server_span::Serving;

impl Operation {
    /// Runs `f` with [`context`](Self::context) attached: calls of the inner service, polls of its
    /// future and polls of its body.
    pub fn scope<T>(&self, f: impl FnOnce() -> T) -> T {
        let Some(begun) = self.begun() else {
            return f();
        };
        let _attached = begun.context.clone().attach();
        let _serving = begun
            .served()
            .map(|route| Serving::enter(&begun.context, route, &begun.told));
        f()
    }

    /// As [`scope`](Self::scope), for futures and bodies that carry an operation along: a panic of
    /// `f` takes the operation out and ends it.
    ///
    /// The drop of the future is too late for that. A layer further out may catch the panic and
    /// drop the future afterwards, when nothing is panicking any more.
    pub fn scope_of<T>(carried: &mut Option<Self>, f: impl FnOnce() -> T) -> T {
        let unwinding = Unwinding(carried);
        let result = match &unwinding.0 {
            Some(operation) => operation.scope(f),
            None => f(),
        };
        mem::forget(unwinding);
        result
    }
}

/// Ends the operation when it is dropped, which happens only while panicking.
struct Unwinding<'a>(&'a mut Option<Operation>);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        // Dropped while panicking, which is what the operation looks at.
        self.0.take();
    }
}
