//! The wait for a connection: an exhausted pool must not look like a slow database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crate::operation::{Clock, DbOperation, Instrumentation};
use crate::outcome::{ErrorType, PANIC};
use crate::semconv;

/// The wait for a connection of a pool.
///
/// A wait that is longer than the [threshold](crate::DatabaseConfig::acquire_threshold) is recorded
/// as an internal span `acquire`. A shorter wait is not recorded. It completes exactly once: by
/// [`finish`](Self::finish), by [`fail`](Self::fail), or by being dropped if the caller gives up.
#[must_use = "a wait that is dropped has come to its end"]
pub struct Acquire {
    /// `None` once it has completed, and if nothing is recorded.
    waiting: Option<Waiting>,
}

struct Waiting {
    instrumentation: Arc<Instrumentation>,
    within: Context,
    threshold: Duration,
    started: Clock,
}

impl Acquire {
    pub(super) fn begin(
        instrumentation: &Arc<Instrumentation>,
        threshold: Duration,
        operation: Option<&DbOperation>,
    ) -> Self {
        let within = match operation {
            Some(operation) if !operation.is_recorded() => return Self { waiting: None },
            Some(operation) => operation.context().clone(),
            None => Context::current(),
        };
        if within.is_telemetry_suppressed() {
            return Self { waiting: None };
        }
        Self {
            waiting: Some(Waiting {
                instrumentation: instrumentation.clone(),
                within,
                threshold,
                started: Clock::now(),
            }),
        }
    }

    /// Ends the wait with a connection.
    pub fn finish(mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.complete(None);
        }
    }

    /// Ends the wait without a connection.
    pub fn fail(mut self, error_type: ErrorType) {
        if let Some(waiting) = self.waiting.take() {
            waiting.complete(Some(error_type.0));
        }
    }
}

impl Waiting {
    fn complete(self, error_type: Option<&'static str>) {
        let elapsed = self.started.elapsed();
        if elapsed <= self.threshold {
            return;
        }
        let builder = SpanBuilder::from_name("acquire")
            .with_kind(SpanKind::Internal)
            .with_start_time(self.started.wall());
        let resolved = &self.instrumentation.resolved;
        let Some(span) = resolved.start_span(builder, &self.within, &self.within) else {
            return;
        };
        let span = span.context.span();
        if let Some(error_type) = error_type {
            span.set_status(Status::error(""));
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
        span.end_with_timestamp(self.started.wall() + elapsed);
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.complete(std::thread::panicking().then_some(PANIC));
        }
    }
}

impl fmt::Debug for Acquire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Acquire")
            .field("is_recorded", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}
