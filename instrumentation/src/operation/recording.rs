//! What an operation remembers until its end, and how the end is recorded.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::mem;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue, StringValue};

use super::header_capture::HeaderCapture;
use super::kept_request::KeptRequest;
use super::route::Route;
use super::server_span::Served;
use crate::config::Attributes;
use crate::outcome::{Ending, Failure, Outcome};
use crate::providers::{Instruments, Resolved};
use crate::reuse::label_list;
use crate::semconv;

/// One instant on two clocks: spans need wall time, and durations must not jump with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: SystemTime,
    monotonic: Instant,
}

impl Clock {
    pub(crate) fn now() -> Self {
        // The monotonic clock first: if the thread is preempted in between, the computed end is
        // late. The other way round, a span could end before its children.
        let monotonic = Instant::now();
        let wall = SystemTime::now();
        Self { wall, monotonic }
    }

    /// The instant that long ago, or now if the clocks do not go back that far.
    pub(crate) fn before(elapsed: Duration) -> Self {
        let now = Self::now();
        let wall = now.wall.checked_sub(elapsed);
        match wall.zip(now.monotonic.checked_sub(elapsed)) {
            Some((wall, monotonic)) => Self { wall, monotonic },
            None => now,
        }
    }

    pub(crate) fn wall(self) -> SystemTime {
        self.wall
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.monotonic.elapsed()
    }
}

/// The text of an error's message. `to_string` would panic if `Display` returns an error; here the
/// text written before is kept.
pub(super) fn written(message: &dyn fmt::Display) -> String {
    let mut text = String::new();
    let _ = write!(text, "{message}");
    text
}

/// The state of an operation that has a span that records, or metrics, or both.
pub(super) struct Recording {
    pub(super) started: Clock,
    /// True if the span is recording.
    pub(super) span_records: bool,
    /// The labels known at the start; `None` if there are no metrics. The first `active_labels` of
    /// them are those of the active requests.
    pub(super) labels: Option<Vec<KeyValue>>,
    pub(super) active_labels: usize,
    /// The word to which a late route is appended; `None` if the user chose the name.
    pub(super) name: Option<Cow<'static, str>>,
    pub(super) route: Route,
    pub(super) outcome: Outcome,
    pub(super) failure: Option<Failure>,
    /// The message of an error that the outcome reports.
    pub(super) message: String,
    /// Attributes found after the start, which are all set on the span at its end.
    pub(super) late: Vec<KeyValue>,
    /// The request as the hook for the response sees it, if there is a hook.
    pub(super) request: Option<Box<KeptRequest>>,
    /// True if a hook said that the outcome is not an error.
    pub(super) is_expected: bool,
}

impl Recording {
    /// Records the end: one duration and one span, with the same instant and `error.type`.
    pub(super) fn complete(&mut self, context: &Context, resolved: &Resolved, ending: Ending) {
        let elapsed = self.started.elapsed();
        self.outcome.end(ending);
        let (error_type, message) = match self.failure.take() {
            Some(failure) => (Some(failure.error_type), failure.message),
            None if self.is_expected && ending != Ending::Panicked => (None, Cow::Borrowed("")),
            None => (
                self.outcome.error_type(ending),
                Cow::Owned(mem::take(&mut self.message)),
            ),
        };
        let error_type = error_type.map(StringValue::from);
        let route = self.route.found();

        if let Some(labels) = self.labels.take()
            && let Some(instruments) = resolved.instruments()
        {
            let seconds = elapsed.as_secs_f64();
            let (error_type, route) = (error_type.clone(), route.clone());
            self.measure(labels, instruments, seconds, error_type, route);
        }
        if self.span_records {
            let end = self.started.wall() + elapsed;
            self.end_span(context, end, error_type, message, route);
        }
    }

    /// Applies what a handler set on the span: its name is kept, and its error overrides others.
    pub(super) fn hear(&mut self, served: &Served) {
        if served.is_renamed() {
            self.name = None;
        }
        if let Some(failure) = served.take_failure() {
            self.failure = Some(failure);
        }
    }

    /// Captures headers or trailers, if the span is recording.
    pub(super) fn capture(&mut self, capture: &HeaderCapture, headers: &dyn Extractor) {
        if self.span_records {
            capture.capture(headers, &mut self.late);
        }
    }

    /// Adds the attributes from the hook for the response.
    pub(super) fn add(&mut self, attributes: Attributes) {
        if self.span_records {
            self.late.extend(attributes.span);
        }
        if let Some(labels) = &mut self.labels {
            // The labels of the active requests have been counted, so they are not replaced.
            let is_new = |label: &KeyValue| labels.iter().all(|known| known.key != label.key);
            let new: Vec<_> = attributes.labels.into_iter().filter(is_new).collect();
            labels.extend(new);
        }
        self.is_expected |= attributes.is_expected;
    }

    fn measure(
        &self,
        mut labels: Vec<KeyValue>,
        instruments: &Instruments,
        seconds: f64,
        error_type: Option<StringValue>,
        route: Option<Cow<'static, str>>,
    ) {
        if let Some(active) = &instruments.active {
            active.add(-1, labels.get(..self.active_labels).unwrap_or_default());
        }
        self.outcome.label(route, error_type, &mut labels);
        if let Outcome::Messaging(messaging) = &self.outcome {
            if let (Some(messages), Some(count)) = (&instruments.messages, messaging.counted()) {
                messages.add(count, &labels);
            }
            messaging.label_duration(&mut labels);
        }
        instruments.duration.record(seconds, &labels);
        if let (Some(sizes), Outcome::Http(http)) = (&instruments.body_sizes, &self.outcome) {
            if let Some(size) = http.request_body_size {
                sizes.request.record(size, &labels);
            }
            if let Some(size) = http.response_body_size {
                sizes.response.record(size, &labels);
            }
        }
        label_list::leave(labels);
    }

    fn end_span(
        &mut self,
        context: &Context,
        end: SystemTime,
        error_type: Option<StringValue>,
        message: Cow<'static, str>,
        route: Option<Cow<'static, str>>,
    ) {
        let span = context.span();
        let found_route = match &self.route {
            Route::Found(_) | Route::Open(_) => route,
            Route::Unknown | Route::Final(_) => None,
        };
        if let (Some(word), Some(route)) = (&self.name, &found_route) {
            span.update_name(self.outcome.span_name(word, route.clone()));
        }
        let set = |attribute| span.set_attribute(attribute);
        if !self.late.is_empty() {
            mem::take(&mut self.late).into_iter().for_each(set);
        }
        self.outcome.describe(found_route, set);
        if let Some(error_type) = error_type {
            span.set_status(Status::error(message));
            set(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
        // A clone of the context in a spawned task must not stretch the span.
        span.end_with_timestamp(end);
    }
}
