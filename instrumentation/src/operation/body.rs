//! From a response's head to the end of its body, for whatever kind of body a framework has.

use std::borrow::Cow;

use super::lifecycle::Operation;
use crate::outcome::ErrorType;

/// An [`Operation`] that ends with a response's body, and the count of the bytes that passed.
///
/// A framework's own body type holds one, polls inside [`run`](Self::run), and tells what came
/// of it. The operation ends at the first of: the end of the body, an error, as many bytes as were
/// announced, a panic, the drop. What comes after the end changes nothing.
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
    /// Where nothing more is to be expected.
    length: Option<u64>,
}

impl Transfer {
    /// The operation knows the response's head already. `length` is what the body is known to
    /// have, in bytes.
    ///
    /// The operation ends at once where the message ends with its head: by its method and status,
    /// whatever body the service gave it (RFC 9110, section 6.4.1), or because its length is zero.
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

    /// A body that belongs to no operation, or to one that another layer records.
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

    /// Bytes of the body passed.
    pub fn pass(&mut self, bytes: u64) {
        self.passed = self.passed.saturating_add(bytes);
        if self.length.is_some_and(|length| self.passed >= length) {
            self.finish();
        }
    }

    /// The body came to its end. A body that is shorter than announced broke off, because
    /// its receiver goes on waiting.
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

    /// The message came to its end, whatever was announced.
    fn complete(&mut self) {
        if let Some(operation) = self.end() {
            operation.finish();
        }
    }

    /// As [`finish`](Self::finish), for a body that turns out to be at its end when it is dropped: it
    /// is taken at its word, whatever length was announced.
    pub fn finish_as_is(&mut self) {
        self.complete();
    }

    /// The body came to an error, which is its end.
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

    /// The operation with all that the transfer has to tell it.
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
