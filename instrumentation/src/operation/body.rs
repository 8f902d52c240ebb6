//! From a response's head to the end of its body, for any framework's type of body.

use std::borrow::Cow;

use super::lifecycle::Operation;
use crate::outcome::ErrorType;

/// An [`Operation`] that ends with a response's body, and the count of the bytes that passed.
///
/// A framework's own body type holds one, polls inside [`run`](Self::run) and reports the result.
/// The operation ends at the first of these: the end of the body, an error, as many bytes as were
/// announced, a panic, the drop. Reports after the end change nothing.
///
/// ```
/// use std::collections::HashMap;
/// use otel_instrumentation::{
///     HttpServerInstrumentation, Request, Response, ServerConfig, Transfer, instrumentation_scope,
/// };
///
/// let scope = instrumentation_scope("my-framework", "1.0.0");
/// let server = HttpServerInstrumentation::new(scope, ServerConfig::new());
/// let headers: HashMap<String, String> = HashMap::new();
/// let mut operation = server.start(&Request::new("GET", "/", &headers));
/// operation.record_response(&Response::new(200, &headers));
///
/// let mut transfer = Transfer::new(operation, Some(5));
/// let chunk = transfer.run(|| "hello");
/// transfer.pass(chunk.len() as u64);
/// ```
#[derive(Debug)]
pub struct Transfer {
    operation: Option<Operation>,
    passed: u64,
    /// The position at which the body is complete.
    length: Option<u64>,
}

impl Transfer {
    /// Takes an operation that has the response's head already. `length` is the size of the body in
    /// bytes, if it is known.
    ///
    /// The operation ends at once if the message ends with its head. This depends on its method and
    /// status, whatever body the service gave it (RFC 9110, section 6.4.1), or on a length of zero.
    #[must_use]
    pub fn new(mut operation: Operation, length: Option<u64>) -> Self {
        let is_whole = length == Some(0) || operation.ends_with_head();
        let mut transfer = Self {
            operation: Some(operation),
            passed: 0,
            length,
        };
        if is_whole {
            transfer.complete();
        }
        transfer
    }

    /// For a body that belongs to no operation, or to one that another layer records.
    #[must_use]
    pub fn untouched() -> Self {
        Self {
            operation: None,
            passed: 0,
            length: None,
        }
    }

    /// Runs `work`, the poll of the body, as [`Operation::run_in`] does.
    pub fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        Operation::run_in(&mut self.operation, work)
    }

    /// The operation, unless it has ended.
    pub fn operation(&mut self) -> Option<&mut Operation> {
        self.operation.as_mut()
    }

    /// Counts bytes of the body that have passed.
    pub fn pass(&mut self, bytes: u64) {
        self.passed = self.passed.saturating_add(bytes);
        if self.length.is_some_and(|length| self.passed >= length) {
            self.finish();
        }
    }

    /// Ends the operation, because the body has ended. A body shorter than announced is an error,
    /// because its receiver keeps waiting for the rest.
    pub fn finish(&mut self) {
        match self.length {
            Some(length) if self.passed < length => self.break_off(length),
            Some(_) | None => self.complete(),
        }
    }

    #[cold]
    fn break_off(&mut self, length: u64) {
        let passed = self.passed;
        let message = format!("the body ended after {passed} of {length} bytes");
        self.fail(ErrorType::BODY.0, message);
    }

    /// Ends the operation, whatever was announced.
    fn complete(&mut self) {
        if let Some(operation) = self.end() {
            operation.finish();
        }
    }

    /// The same as [`finish`](Self::finish), for a body that says on its drop that it is at its
    /// end. It counts as complete, whatever length was announced.
    pub fn finish_as_is(&mut self) {
        self.complete();
    }

    /// Ends the operation with an error of the body.
    pub fn fail(
        &mut self,
        error_type: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) {
        if let Some(operation) = &mut self.operation {
            operation.fail(error_type, message);
        }
        self.complete();
    }

    /// Takes the operation, with the size of the body recorded.
    fn end(&mut self) -> Option<Operation> {
        let mut operation = self.operation.take()?;
        operation.record_response_body_size(self.passed);
        Some(operation)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(operation) = &mut self.operation {
            operation.record_response_body_size(self.passed);
        }
    }
}
