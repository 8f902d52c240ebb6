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
/// A [hook](crate::ServerConfig::response_attributes) may say that an outcome is expected, and then
/// it is no error.
///
/// An RPC always ends with a status code. Dropped before it had one, it was `CANCELLED`, which is
/// an error for the client only; finished without one, it has the one that its HTTP status stands
/// for, `UNKNOWN` as a rule.
///
/// What an operation is told is called `record_…`. Where telemetry is
/// [suppressed](Context::with_telemetry_suppressed) it does nothing.
#[must_use = "an operation that is dropped counts as cancelled"]
pub struct Operation {
    stage: Stage,
}

/// Small, because futures and bodies move it along.
enum Stage {
    /// Suppressed: no span, no metric, no header. Also what has completed.
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

    /// Writes the context into an outgoing request's carrier, where the configuration allows it.
    ///
    /// If the configuration lets none of the baggage leave, `baggage` is set to an empty value, by
    /// which the carriers of `otel-propagation` remove the header.
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
                // Propagators write no empty baggage, and what is there is not what may leave.
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

    /// True if the request has its span or its metrics by this, and needs no others. False where
    /// telemetry is suppressed, and for what the configuration's filter leaves out.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.state()
            .is_some_and(|state| !matches!(state.recorded, Recorded::Not))
    }

    /// True if what is reported from now on can still reach a span or a metric.
    ///
    /// False where it is not [recorded](Self::is_recorded), and where the sampler decided against
    /// the span and nothing measures: what costs something to find out need not be found out then.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.state().is_some_and(State::is_recording)
    }

    /// The value of a `Server-Timing` header that tells the caller which span served its request.
    ///
    /// `None` unless the [configuration](crate::ServerConfig::server_timing) asks for it. Append
    /// it to the response's headers: the application may have put timings of its own there.
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

    /// The operation came to its end.
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

    /// Nothing is recorded and nothing goes out, but the context passes on.
    pub(crate) fn passing_on(context: Context) -> Self {
        Self::begun(State::boxed(context))
    }

    /// Nothing is recorded, but the context goes out.
    pub(super) fn unrecorded(
        context: Context,
        instrumentation: Arc<Instrumentation>,
        injection: Injection,
    ) -> Self {
        Self::begun(State::of(context, instrumentation, injection))
    }

    /// The span records nothing, and nothing measures.
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

    /// Leaves nothing to be ended by the drop.
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
    /// An operation that does nothing, as where telemetry is suppressed.
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
