//! One operation, and how it completes exactly once.

use std::fmt;
use std::mem;
use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::propagation::Injector;

use super::baggage::Injection;
use super::convention::Convention;
use super::instrumentation::Instrumentation;
use super::recording::Recording;
use super::state::{Recorded, State};
use crate::outcome::Ending;

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
/// | dropped before [`record_response`](Self::record_response) | error `cancelled` | no error: the caller's choice |
/// | dropped after it | as the status says, else error `cancelled` | as the status says |
/// | dropped by a panic | error `panic` | error `panic` |
///
/// If a [hook](crate::ServerConfig::response_attributes) says that an outcome is expected, it is
/// not an error.
///
/// An RPC always ends with a status code. If it is dropped without one, the code is `CANCELLED`,
/// which is an error only for the client. If it is finished without one, the code follows from its
/// HTTP status, usually `UNKNOWN`.
///
/// The methods `record_…` report to an operation. If telemetry is
/// [suppressed](Context::with_telemetry_suppressed), an operation does nothing.
#[must_use = "an operation that is dropped counts as cancelled"]
pub struct Operation {
    stage: Stage,
}

/// Small, because futures and bodies move it along.
enum Stage {
    /// Suppressed: no span, no metric, no header. Also an operation that has completed.
    Transparent(Context),
    Begun(Box<State>),
}

impl Operation {
    /// The context with this operation's span, for the work that belongs to it.
    #[must_use]
    pub fn context(&self) -> &Context {
        match &self.stage {
            Stage::Transparent(context) => context,
            Stage::Begun(state) => &state.context,
        }
    }

    /// Writes the context into an outgoing request's carrier, if the configuration allows it.
    ///
    /// If the configuration allows no entry of the baggage, `baggage` is set to an empty value. The
    /// carriers of `otel-propagation` remove the header then.
    pub fn inject(&self, carrier: &mut dyn Injector) {
        let Some((state, instrumentation)) = self
            .state()
            .and_then(|state| Some((state, state.instrumentation.as_ref()?)))
        else {
            return;
        };
        let (context, providers) = (&state.context, instrumentation.resolved.providers());
        match &state.injection {
            Injection::Nothing => {}
            Injection::Everything => providers.inject(context, carrier),
            Injection::Only(chosen) => {
                // Propagators do not write empty baggage, and the present header must not be sent.
                if chosen.is_empty() {
                    carrier.set("baggage", String::new());
                }
                if chosen.len() == context.baggage().len() {
                    return providers.inject(context, carrier);
                }
                let chosen: Baggage = chosen.iter().cloned().collect();
                providers.inject(&context.with_baggage(chosen), carrier);
            }
        }
    }

    /// True if this operation records the request's span or metrics, so that it needs no other
    /// operation. False if telemetry is suppressed or the configuration's filter excludes the
    /// request.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.state()
            .is_some_and(|state| !matches!(state.recorded, Recorded::Not))
    }

    /// True if what is reported from now on can still reach a span or a metric.
    ///
    /// False if the operation is not [recorded](Self::is_recorded), or if the span is not sampled
    /// and there are no metrics. You can then skip facts that are costly to collect.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.state().is_some_and(State::is_recording)
    }

    /// The value of a `Server-Timing` header that tells the caller which span served its request.
    ///
    /// `None` unless the [configuration](crate::ServerConfig::server_timing) asks for it. Append it
    /// to the response's headers, because the application may have set timings of its own.
    #[must_use]
    pub fn server_timing(&self) -> Option<String> {
        let state = self.state()?;
        let instrumentation = state.instrumentation.as_ref()?;
        let is_told = instrumentation.config.server_timing
            && instrumentation.convention == Convention::HttpServer
            && self.is_recorded();
        if !is_told {
            return None;
        }
        otel_propagation::server_timing(&state.context)
    }

    /// Ends the operation.
    pub fn finish(mut self) {
        if let Some(state) = self.take() {
            state.complete(Ending::Finished);
        }
    }

    /// Suppressed: no span, no metric, no header.
    pub(crate) fn transparent(context: Context) -> Self {
        let stage = Stage::Transparent(context);
        Self { stage }
    }

    /// Nothing is recorded or injected, but the context is passed on.
    pub(crate) fn passing_on(context: Context) -> Self {
        Self::begun(State::boxed(context))
    }

    /// Nothing is recorded, but the context is injected.
    pub(super) fn unrecorded(
        context: Context,
        instrumentation: Arc<Instrumentation>,
        injection: Injection,
    ) -> Self {
        Self::begun(State::of(context, instrumentation, injection))
    }

    /// The span records nothing, and there are no metrics.
    pub(super) fn decided(
        context: Context,
        instrumentation: Arc<Instrumentation>,
        injection: Injection,
    ) -> Self {
        let mut state = State::of(context, instrumentation, injection);
        state.recorded = Recorded::Decided;
        Self::begun(state)
    }

    pub(super) fn begun(state: Box<State>) -> Self {
        let stage = Stage::Begun(state);
        Self { stage }
    }

    pub(super) fn state(&self) -> Option<&State> {
        match &self.stage {
            Stage::Transparent(_) => None,
            Stage::Begun(state) => Some(state),
        }
    }

    pub(super) fn recording(&mut self) -> Option<(&mut Recording, &Instrumentation)> {
        match &mut self.stage {
            Stage::Transparent(_) => None,
            Stage::Begun(state) => state.recording(),
        }
    }

    /// Takes the state, so that the drop has nothing to end.
    fn take(&mut self) -> Option<Box<State>> {
        if let Stage::Transparent(_) = self.stage {
            return None;
        }
        match mem::replace(&mut self.stage, Stage::Transparent(Context::new())) {
            Stage::Transparent(_) => None,
            Stage::Begun(state) => Some(state),
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let Some(state) = self.take() else {
            return;
        };
        let is_panicking = state.is_recording() && std::thread::panicking();
        state.complete(match is_panicking {
            true => Ending::Panicked,
            false => Ending::Dropped,
        });
    }
}

impl Default for Operation {
    /// An operation that does nothing, as if telemetry were suppressed.
    fn default() -> Self {
        Self::transparent(Context::new())
    }
}

impl AsRef<Operation> for Operation {
    fn as_ref(&self) -> &Operation {
        self
    }
}

impl fmt::Debug for Operation {
    /// Leaves out the content of the request and its response, which may contain secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Operation")
            .field("context", self.context())
            .field("is_recorded", &self.is_recorded())
            .field("is_recording", &self.is_recording())
            .finish_non_exhaustive()
    }
}
