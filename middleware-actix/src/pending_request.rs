//! A request that has no response yet, and may never have one.

use std::mem;

use otel_instrumentation::Operation;

use crate::route::Fallback;

/// The operation of a request, until there is a response. If it is dropped before, the operation
/// ends with the route that the request would have had.
pub(crate) struct PendingRequest {
    operation: Operation,
    /// `None` if the route would have no effect.
    fallback: Option<Fallback>,
}

impl PendingRequest {
    pub(crate) fn new(operation: Operation, fallback: Option<Fallback>) -> Self {
        Self {
            operation,
            fallback,
        }
    }

    /// Returns the operation for the response.
    pub(crate) fn answer(mut self) -> (Operation, Option<Fallback>) {
        (mem::take(&mut self.operation), self.fallback.take())
    }
}

impl AsRef<Operation> for PendingRequest {
    fn as_ref(&self) -> &Operation {
        &self.operation
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        if let Some(route) = self.fallback.as_ref().and_then(Fallback::route) {
            self.operation.record_route(&route);
        }
    }
}
