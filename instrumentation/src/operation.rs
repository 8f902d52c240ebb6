//! One request from its start to its end.

mod begun;
mod current;
mod sizes;

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::propagation::{Extractor, Injector};

use self::begun::Begun;
use crate::Response;
use crate::baggage::Injection;
use crate::convention::{Convention, Ending};
use crate::http::peer_attributes;
use crate::recording::{Failure, Place, Recording};
use crate::route::RouteHandle;
use crate::rpc::Code;
use crate::shared::Shared;

/// One request: its span, its metrics and its clock.
///
/// It completes exactly once, by [`finish`](Self::finish) or by being dropped, so a request that
/// is cancelled at any await point is recorded too. The span's end and the duration are the same
/// instant, and both carry the same `error.type`:
///
/// | what happens | server | client |
/// |---|---|---|
/// | [`finish`](Self::finish) | as the status says | as the status says |
/// | [`fail`](Self::fail) before that | that error | that error |
/// | dropped before [`respond`](Self::respond) | error `cancelled` | no error: the caller's choice |
/// | dropped after it | as the status says, else error `cancelled` | as the status says |
/// | dropped by a panic | error `panic` | error `panic` |
///
/// An RPC always ends with a status code. Dropped before it had one, it was `CANCELLED`, which is
/// an error for the client only; finished without one, it has the one that its HTTP status stands
/// for, `UNKNOWN` as a rule.
///
/// Where telemetry is [suppressed](Context::with_telemetry_suppressed) an operation does nothing.
#[must_use = "an operation that is dropped counts as cancelled"]
pub struct Operation {
    stage: Stage,
}

/// Small, because futures and bodies move it along.
enum Stage {
    /// Suppressed: no span, no metric, no header.
    Transparent(Context),
    Begun(Box<Begun>),
}

impl Operation {
    /// The context with this operation's span, for the work that belongs to it.
    #[must_use]
    pub fn context(&self) -> &Context {
        match &self.stage {
            Stage::Transparent(context) => context,
            Stage::Begun(begun) => &begun.context,
        }
    }

    /// Writes the context into an outgoing request's carrier, where the configuration allows it.
    ///
    /// If the configuration lets none of the baggage leave, `baggage` is set to an empty value, by
    /// which the carriers of `otel-propagation` remove the header.
    pub fn inject(&self, carrier: &mut dyn Injector) {
        let Some(Begun {
            context,
            shared: Some(shared),
            injection,
            ..
        }) = self.begun()
        else {
            return;
        };
        let telemetry = shared.handles.telemetry();
        match injection {
            Injection::Nothing => {}
            Injection::Everything => telemetry.inject(context, carrier),
            Injection::Only(chosen) => {
                // Propagators write no empty baggage, and what is there is not what may leave.
                if chosen.is_empty() {
                    carrier.set("baggage", String::new());
                }
                if chosen.len() == context.baggage().len() {
                    return telemetry.inject(context, carrier);
                }
                let chosen: Baggage = chosen.iter().cloned().collect();
                telemetry.inject(&context.with_baggage(chosen), carrier);
            }
        }
    }

    /// A route found after the start; the longest one becomes `http.route`. A
    /// [`template`](crate::Request::template) given at the start is final.
    ///
    /// For an RPC: the method, `package.Service/Method`, turns out to be one that the server knows.
    pub fn route(&mut self, route: &str) {
        if let Some((recording, _)) = self.recording() {
            recording.route.find(route);
        }
    }

    /// Whether the request has its span or its metrics by this, and needs no others: not where
    /// telemetry is suppressed, and not for what the configuration's filter leaves out.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.begun().is_some_and(|it| it.is_recorded)
    }

    /// Whether anything will come of what it is told from here on: not where it is not
    /// [recorded](Self::is_recorded), and not where the sampler decided against the span and
    /// nothing measures. What costs something to find out is not needed then.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.begun().is_some_and(|it| it.recording.is_some())
    }

    /// A handle by which layers further in tell this operation the route that they know; `None`
    /// where nothing [will come of it](Self::is_recording), or the route is known for good.
    #[must_use]
    pub fn route_handle(&mut self) -> Option<RouteHandle> {
        let (recording, _) = self.recording()?;
        recording.route.open().map(RouteHandle)
    }

    /// The address of the peer, where it becomes known only with the response.
    pub fn peer(&mut self, peer: SocketAddr) {
        if let Some((recording, _)) = self.recording().filter(|(it, _)| it.span_records) {
            recording.late.extend(peer_attributes(peer));
        }
    }

    /// The head of the response is there.
    pub fn respond(&mut self, response: &Response<'_>) {
        let Some((recording, shared)) = self.recording() else {
            return;
        };
        recording.status = Some(response.status);
        // A server's response object does not know what was negotiated; a client's does.
        if shared.convention == Convention::HttpClient {
            recording.version = response.version.or(recording.version);
        }
        if recording.span_records {
            shared
                .response_headers
                .capture(response.headers, &mut recording.late);
        }
        // A response without messages has its status in the head.
        recording.read_rpc_status(shared.convention, response.headers);
    }

    /// The value of a `Server-Timing` header that tells the caller which span served its request.
    ///
    /// `None` unless the [configuration](crate::ServerConfig::server_timing) asks for it. Append
    /// it to the response's headers: the application may have put timings of its own there.
    #[must_use]
    pub fn server_timing(&self) -> Option<String> {
        let begun = self.begun()?;
        let shared = begun.shared.as_ref()?;
        let is_told = shared.rules.server_timing
            && shared.convention == Convention::HttpServer
            && begun.is_recorded;
        if !is_told {
            return None;
        }
        otel_propagation::server_timing(&begun.context)
    }

    /// What the framework has to say of a [response](Self::respond) that is an error: it goes to
    /// the span's status. Where the status code is none, `message` is not looked at.
    pub fn explain(&mut self, message: &dyn fmt::Display) {
        let Some((recording, shared)) = self.recording() else {
            return;
        };
        let is_error = |status| shared.convention.is_error(status);
        if recording.span_records && recording.status.is_some_and(is_error) {
            // `to_string` panics where a `Display` returns an error. What it wrote before is kept.
            recording.explanation.clear();
            let _ = write!(recording.explanation, "{message}");
        }
    }

    /// The trailers are there: an RPC's status is read from them, HTTP records nothing of them.
    pub fn trailers(&mut self, trailers: &dyn Extractor) {
        let Some((recording, shared)) = self.recording() else {
            return;
        };
        if let (Some(capture), true) = (&shared.response_trailers, recording.span_records) {
            capture.capture(trailers, &mut recording.late);
        }
        recording.read_rpc_status(shared.convention, trailers);
    }

    /// The status of an RPC that came to it otherwise than by [`respond`](Self::respond) or
    /// [`trailers`](Self::trailers): the one that a client makes of an error of its transport.
    ///
    /// The first status counts. `code` is the number of a gRPC status code, `message` goes to the
    /// span's status if the code is an error. Nothing happens to an HTTP operation.
    pub fn rpc_status(&mut self, code: u32, message: &str) {
        if let Some((recording, shared)) = self.recording() {
            recording.rpc_status(shared.convention, Code::from_number(code), || {
                message.to_owned()
            });
        }
    }

    /// The operation failed: `error_type`, of low cardinality, goes to span and metric, `message`
    /// to the span's status only (an empty one is left out). The first failure counts.
    ///
    /// The time goes on until [`finish`](Self::finish) or the drop.
    pub fn fail(
        &mut self,
        error_type: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) {
        if let Some((recording, _)) = self.recording() {
            recording.failure.get_or_insert_with(|| Failure {
                error_type: error_type.into(),
                message: message.into(),
            });
        }
    }

    /// The operation came to its end.
    pub fn finish(mut self) {
        if let Some(begun) = self.take() {
            begun.complete(Ending::Finished, Place::Call);
        }
    }

    /// As [`finish`](Self::finish), for a drop that finds out that the end was reached.
    ///
    /// `finish` attaches the context for the measurement, which panics where the thread's storage
    /// is torn down already, and a panic there aborts the process.
    pub fn finish_in_drop(mut self) {
        if let Some(begun) = self.take() {
            begun.complete(Ending::Finished, Place::Drop);
        }
    }

    /// Suppressed: no span, no metric, no header.
    pub(crate) fn transparent(context: Context) -> Self {
        let stage = Stage::Transparent(context);
        Self { stage }
    }

    /// Nothing is recorded, but the context passes on.
    pub(crate) fn unrecorded(context: Context, shared: Arc<Shared>, injection: Injection) -> Self {
        let stage = Stage::Begun(Begun::boxed(context, shared, injection));
        Self { stage }
    }

    /// There is a span or a metric. Without a recording where the span records nothing and nothing
    /// measures.
    pub(crate) fn recorded(
        context: Context,
        shared: Arc<Shared>,
        injection: Injection,
        recording: Option<Recording>,
    ) -> Self {
        let mut begun = Begun::boxed(context, shared, injection);
        begun.is_recorded = true;
        begun.recording = recording;
        let stage = Stage::Begun(begun);
        Self { stage }
    }

    /// Whether the response is complete with its head, for a request whose outcome is recorded.
    pub(crate) fn ends_with_head(&self) -> bool {
        let recording = self.begun().and_then(|it| it.recording.as_ref());
        recording.is_some_and(Recording::ends_with_head)
    }

    fn begun(&self) -> Option<&Begun> {
        match &self.stage {
            Stage::Transparent(_) => None,
            Stage::Begun(begun) => Some(begun),
        }
    }

    fn recording(&mut self) -> Option<(&mut Recording, &Shared)> {
        match &mut self.stage {
            Stage::Transparent(_) => None,
            Stage::Begun(begun) => begun.recording.as_mut().zip(begun.shared.as_deref()),
        }
    }

    /// Leaves nothing to be ended by the drop.
    fn take(&mut self) -> Option<Box<Begun>> {
        if let Stage::Transparent(_) = self.stage {
            return None;
        }
        match mem::replace(&mut self.stage, Stage::Transparent(Context::new())) {
            Stage::Transparent(_) => None,
            Stage::Begun(begun) => Some(begun),
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let Some(begun) = self.take() else {
            return;
        };
        let panicking = begun.recording.is_some() && std::thread::panicking();
        let ending = if panicking {
            Ending::Panicked
        } else {
            Ending::Dropped
        };
        begun.complete(ending, Place::Drop);
    }
}

impl fmt::Debug for Operation {
    /// Leaves out what the request and its response said, which may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Operation")
            .field("context", self.context())
            .field("is_recorded", &self.is_recorded())
            .field("is_recording", &self.is_recording())
            .finish_non_exhaustive()
    }
}
