//! A request that has no response yet, and may never have one.

use otel_instrumentation::Operation;

use crate::route::Fallback;

/// The operation of a request, until there is a response; without one it ends with this.
pub(crate) struct Unanswered {
    operation: Option<Operation>,
    /// `None` where nothing will come of it.
    fallback: Option<Fallback>,
}

impl Unanswered {
    pub(crate) fn new(operation: Operation, fallback: Option<Fallback>) -> Self {
        Self {
            operation: Some(operation),
            fallback,
        }
    }

    /// Runs `f` in the operation's context; a panic of `f` ends the operation.
    pub(crate) fn scope<T>(&mut self, f: impl FnOnce() -> T) -> T {
        let unwinding = Unwinding(self);
        let result = match &unwinding.0.operation {
            Some(operation) => operation.scope(f),
            None => f(),
        };
        std::mem::forget(unwinding);
        result
    }

    /// There is a response.
    pub(crate) fn answer(&mut self) -> Option<Operation> {
        self.operation.take()
    }

    /// There will be none: cancelled, or, while panicking, a panic.
    fn give_up(&mut self) {
        if let Some(mut operation) = self.operation.take() {
            self.route(&mut operation);
        }
    }

    /// Tells the operation the route of a request that came to no response of its resource.
    pub(crate) fn route(&self, operation: &mut Operation) {
        if let Some(route) = self.fallback.as_ref().and_then(Fallback::route) {
            operation.route(&route);
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// The drop of the future is too late for a panic: a middleware further out may catch it and drop
/// the future afterwards, when nothing is panicking any more.
struct Unwinding<'a>(&'a mut Unanswered);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}
