//! What an operation remembers until its end, and how that end is written down.

use std::borrow::Cow;
use std::time::{Instant, SystemTime};

use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue, StringValue};

use crate::convention::{Convention, Ending};
use crate::http::Bodiless;
use crate::instruments::Instruments;
use crate::interned;
use crate::labels;
use crate::operation::Told;
use crate::route::Route;
use crate::rpc::{Call, Code, percent_decoded};
use crate::semconv;
use crate::shared::Shared;

/// One instant on the two clocks: spans want wall time, durations must not jump with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: SystemTime,
    monotonic: Instant,
}

impl Clock {
    pub(crate) fn now() -> Self {
        Self {
            wall: SystemTime::now(),
            monotonic: Instant::now(),
        }
    }

    pub(crate) fn wall(self) -> SystemTime {
        self.wall
    }
}

/// Where an operation ends, whatever its end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Call,
    /// The storage of the thread may be torn down, and nothing can be attached there any more.
    Drop,
}

/// The state of an operation that has a span that records, or metrics, or both.
pub(crate) struct Recording {
    pub(crate) started: Clock,
    /// Whether the span records what it is told.
    pub(crate) span_records: bool,
    /// The labels known at start, `None` where nothing measures; the first `active_labels` of
    /// them are those of the active requests.
    pub(crate) labels: Option<Vec<KeyValue>>,
    pub(crate) active_labels: usize,
    /// The word that a late route is appended to; `None` where the user chose the name.
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) route: Route,
    pub(crate) version: Option<&'static str>,
    pub(crate) bodiless: Bodiless,
    pub(crate) status: Option<u16>,
    /// `None` for HTTP.
    pub(crate) call: Option<Call>,
    pub(crate) failure: Option<Failure>,
    /// The message of an error that the status code tells.
    pub(crate) explanation: String,
    pub(crate) request_body_size: Option<u64>,
    pub(crate) response_body_size: Option<u64>,
    /// Attributes found after the start, which go to the span in one go at its end.
    pub(crate) late: Vec<KeyValue>,
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error_type: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
}

impl Recording {
    /// Writes down the end: one duration, one span, the same instant and `error.type` on both.
    pub(crate) fn complete(
        &mut self,
        context: &Context,
        shared: &Shared,
        ending: Ending,
        place: Place,
    ) {
        let elapsed = self.started.monotonic.elapsed();
        if let Some(call) = &mut self.call {
            call.complete(ending, self.status);
        }
        let (error_type, message) = match self.failure.take() {
            Some(failure) => (Some(failure.error_type), failure.message),
            None => (
                self.error_type(shared.convention, ending),
                Cow::Owned(std::mem::take(&mut self.explanation)),
            ),
        };
        let error_type = error_type.map(StringValue::from);
        let route = self.route.found();

        if let Some(labels) = self.labels.take()
            && let Some(instruments) = shared.handles.instruments()
        {
            // The measurement belongs to this context.
            let _current = (place == Place::Call).then(|| context.clone().attach());
            self.measure(
                labels,
                instruments,
                elapsed.as_secs_f64(),
                error_type.clone(),
                route.clone(),
            );
        }
        if self.span_records {
            let end = self.started.wall + elapsed;
            self.end_span(context, shared.convention, end, error_type, message, route);
        }
    }

    /// What a handler said of the span: its name stays, and its error counts before others.
    pub(crate) fn hear(&mut self, told: &Told) {
        if told.is_renamed() {
            self.name = None;
        }
        if let Some(failure) = told.take_failure() {
            self.failure = Some(failure);
        }
    }

    /// Whether the response is complete with its head.
    pub(crate) fn ends_with_head(&self) -> bool {
        self.status.is_some_and(|it| self.bodiless.applies_to(it))
    }

    /// Reads the status of an RPC from the head or the trailers, if it is there.
    pub(crate) fn read_rpc_status(&mut self, convention: Convention, carrier: &dyn Extractor) {
        if self.call.is_none() {
            return;
        }
        if let Some(code) = carrier.get("grpc-status") {
            self.rpc_status(convention, Code::parse(code), || {
                carrier
                    .get("grpc-message")
                    .map_or_else(String::new, percent_decoded)
            });
        }
    }

    /// The first status counts.
    pub(crate) fn rpc_status(
        &mut self,
        convention: Convention,
        code: Code,
        message: impl FnOnce() -> String,
    ) {
        let Some(call) = &mut self.call else {
            return;
        };
        if call.code.is_none() {
            call.code = Some(code);
            if self.span_records && convention.is_rpc_error(code) {
                self.explanation = message();
            }
        }
    }

    /// What the convention says where nothing was reported as a failure.
    fn error_type(&self, convention: Convention, ending: Ending) -> Option<Cow<'static, str>> {
        match self.call.as_ref().and_then(|call| call.code) {
            Some(code) => convention.rpc_error_type(ending, code).map(Cow::Borrowed),
            None => convention.error_type(ending, self.status),
        }
    }

    /// The order of the labels is always the same, which the SDK looks up without sorting.
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
        let error_type = error_type.map(|value| KeyValue::new(semconv::ERROR_TYPE, value));
        match &self.call {
            Some(call) => {
                call.label(route, &mut labels);
                labels.extend(error_type);
            }
            None => {
                if let Some(status) = self.status {
                    labels.push(status_code(status));
                }
                if let Some(error_type) = error_type {
                    labels.push(error_type);
                }
                if let Some(route) = route {
                    labels.push(KeyValue::new(semconv::HTTP_ROUTE, route));
                }
                if let Some(version) = self.version {
                    labels.push(KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version));
                }
            }
        }
        instruments.duration.record(seconds, &labels);
        if let Some(sizes) = &instruments.body_sizes {
            if let Some(size) = self.request_body_size {
                sizes.request.record(size, &labels);
            }
            if let Some(size) = self.response_body_size {
                sizes.response.record(size, &labels);
            }
        }
        labels::leave(labels);
    }

    fn end_span(
        &mut self,
        context: &Context,
        convention: Convention,
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
        if let (Some(name), Some(route)) = (&self.name, &found_route) {
            span.update_name(match &self.call {
                Some(_) => route.clone(),
                None => interned::name(name, route).0,
            });
        }
        let set = |attribute| span.set_attribute(attribute);
        if !self.late.is_empty() {
            std::mem::take(&mut self.late).into_iter().for_each(set);
        }
        match &mut self.call {
            Some(call) => call.describe(found_route, set),
            None => self.http_attributes(convention, found_route, set),
        }
        if let Some(error_type) = error_type {
            span.set_status(Status::error(message));
            set(KeyValue::new(semconv::ERROR_TYPE, error_type));
        }
        // A clone of the context in a spawned task must not stretch the span.
        span.end_with_timestamp(end);
    }

    /// One by one: mostly there are two, and a chain of iterators costs more than their locks.
    fn http_attributes(
        &self,
        convention: Convention,
        found_route: Option<Cow<'static, str>>,
        set: impl Fn(KeyValue),
    ) {
        if let Some(status) = self.status {
            set(status_code(status));
        }
        if let Some(route) = found_route {
            set(KeyValue::new(semconv::HTTP_ROUTE, route));
        }
        // A server knows it at the start, a client when the connection is there.
        if let (Convention::HttpClient, Some(version)) = (convention, self.version) {
            set(KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version));
        }
        if let Some(size) = self.request_body_size {
            set(bytes(semconv::HTTP_REQUEST_BODY_SIZE, size));
        }
        if let Some(size) = self.response_body_size {
            set(bytes(semconv::HTTP_RESPONSE_BODY_SIZE, size));
        }
    }
}

fn status_code(status: u16) -> KeyValue {
    KeyValue::new(semconv::HTTP_RESPONSE_STATUS_CODE, i64::from(status))
}

fn bytes(key: &'static str, size: u64) -> KeyValue {
    KeyValue::new(key, i64::try_from(size).unwrap_or(i64::MAX))
}
