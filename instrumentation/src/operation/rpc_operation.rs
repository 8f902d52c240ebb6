//! The reports that only calls have.

use std::ops::{Deref, DerefMut};

use opentelemetry::propagation::Extractor;

use super::lifecycle::Operation;
use crate::outcome::{GrpcCode, Outcome};

/// An [`Operation`] of the RPC conventions.
///
/// Its status may come with the head, by [`record_response`](Operation::record_response), with the
/// trailers, or from the caller's own transport. The first one counts.
#[derive(Debug)]
#[must_use = "an operation that is dropped counts as cancelled"]
pub struct RpcOperation(Operation);

impl RpcOperation {
    pub(crate) fn new(operation: Operation) -> Self {
        Self(operation)
    }

    /// Records the trailers and reads the status from them.
    pub fn record_trailers(&mut self, trailers: &dyn Extractor) {
        let Some((recording, instrumentation)) = self.0.recording() else {
            return;
        };
        if let Some(capture) = &instrumentation.response_trailers {
            recording.capture(capture, trailers);
        }
        let message = match &mut recording.outcome {
            Outcome::Rpc(rpc) => rpc.read_status(trailers),
            Outcome::Http(_) | Outcome::Messaging(_) | Outcome::Db(_) => None,
        };
        if let Some(message) = message {
            recording.message = message;
        }
    }

    /// Records a status that came neither from the head nor from the trailers, such as the one that
    /// a client derives from an error of its transport.
    ///
    /// `code` is the number of a gRPC status code. `message` goes to the span's status if the code
    /// is an error.
    pub fn record_status(&mut self, code: u32, message: &str) {
        if let Some((recording, _)) = self.0.recording()
            && let Outcome::Rpc(rpc) = &mut recording.outcome
            && rpc.record_status(GrpcCode::from_number(code))
        {
            message.clone_into(&mut recording.message);
        }
    }

    /// Ends the call.
    pub fn finish(self) {
        self.0.finish();
    }
}

impl Deref for RpcOperation {
    type Target = Operation;

    fn deref(&self) -> &Operation {
        &self.0
    }
}

impl DerefMut for RpcOperation {
    fn deref_mut(&mut self) -> &mut Operation {
        &mut self.0
    }
}

impl AsRef<Operation> for RpcOperation {
    fn as_ref(&self) -> &Operation {
        &self.0
    }
}
