//! The state of an operation from its start to its end, in a box that later operations reuse.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::Context;

use super::baggage::Injection;
use super::instrumentation::Instrumentation;
use super::recording::Recording;
use super::route::Route;
use super::server_span::Served;
use crate::outcome::{Ending, Side};
use crate::reuse::pool::Pool;

/// All boxes have one size; an unrecorded operation has the room for a recording, too. Boxes are
/// recycled, and two kinds would have to be distinguished at every step.
pub(super) struct State {
    pub(super) context: Context,
    /// `None` if nothing is recorded and nothing is injected into the request.
    pub(super) instrumentation: Option<Arc<Instrumentation>>,
    pub(super) injection: Injection,
    pub(super) recorded: Recorded,
    /// The part that handlers see; `None` for clients and if nothing is recorded.
    pub(super) served: Option<Arc<Served>>,
}

/// Says whether an operation is recorded.
#[expect(
    clippy::large_enum_variant,
    reason = "the box around it is recycled, and has room for all"
)]
pub(super) enum Recorded {
    /// No: the context is only passed on.
    Not,
    /// Yes, but reports have no effect: the span is not sampled, and there are no metrics.
    Decided,
    Recording(Recording),
}

impl State {
    /// A state that is not recorded and injects nothing, in the box of an earlier operation if
    /// there is one.
    pub(super) fn boxed(context: Context) -> Box<Self> {
        let spare = SPARE.try_with(Pool::take);
        let mut state = spare
            .ok()
            .flatten()
            .unwrap_or_else(|| Box::new(Self::blank()));
        state.context = context;
        state
    }

    /// A state that is not recorded and whose context is injected as `injection` says.
    pub(super) fn of(
        context: Context,
        instrumentation: Arc<Instrumentation>,
        injection: Injection,
    ) -> Box<Self> {
        let mut state = Self::boxed(context);
        state.instrumentation = Some(instrumentation);
        state.injection = injection;
        state
    }

    pub(super) fn recording(&mut self) -> Option<(&mut Recording, &Instrumentation)> {
        match (&mut self.recorded, &self.instrumentation) {
            (Recorded::Recording(recording), Some(instrumentation)) => {
                Some((recording, instrumentation))
            }
            _ => None,
        }
    }

    pub(super) fn is_recording(&self) -> bool {
        matches!(self.recorded, Recorded::Recording(_))
    }

    /// Lets handlers see the request, if one is served here and it is recorded.
    pub(super) fn share(&mut self) {
        let (Recorded::Recording(recording), Some(instrumentation)) =
            (&self.recorded, &self.instrumentation)
        else {
            return;
        };
        if instrumentation.convention.side() == Side::Server {
            let route = match recording.route {
                Route::Final(Cow::Borrowed(route)) => Some(route),
                _ => None,
            };
            self.served = Some(Served::share(self.context.clone(), route));
        }
    }

    /// Records the end and leaves the emptied box to the next operation. A spare box lives as long
    /// as its thread, and a client could make it hold any amount of data.
    pub(super) fn complete(mut self: Box<Self>, ending: Ending) {
        if let (Recorded::Recording(recording), Some(instrumentation)) =
            (&mut self.recorded, &self.instrumentation)
        {
            if let Some(served) = self.served.as_ref().filter(|served| served.is_told()) {
                recording.hear(served);
            }
            recording.complete(&self.context, &instrumentation.resolved, ending);
        }
        if let Some(served) = self.served.take() {
            Served::leave(served);
        }
        self.clear();
        // If the thread is about to end, it is dropped.
        let _ = SPARE.try_with(|spare| spare.leave(self));
    }

    /// Clears field by field, which moves less data than a blank state.
    fn clear(&mut self) {
        let Self {
            context,
            instrumentation,
            injection,
            recorded,
            served,
        } = self;
        *context = Context::new();
        *instrumentation = None;
        *injection = Injection::Nothing;
        *recorded = Recorded::Not;
        *served = None;
    }

    fn blank() -> Self {
        Self {
            context: Context::new(),
            instrumentation: None,
            injection: Injection::Nothing,
            recorded: Recorded::Not,
            served: None,
        }
    }
}

thread_local! {
    static SPARE: Pool<Box<State>> = const { Pool::new() };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spare_box_keeps_nothing_of_its_operation() {
        struct Held {
            _value: Arc<()>,
        }
        let (first, second) = (Arc::new(()), Arc::new(()));
        for value in [&first, &second] {
            let held = Held {
                _value: value.clone(),
            };
            let context = Context::new().with_value(held);
            let mut state = State::boxed(context);
            assert!(matches!(state.recorded, Recorded::Not));
            state.recorded = Recorded::Decided;
            state.complete(Ending::Finished);
        }
        for held in [&first, &second] {
            assert_eq!(Arc::strong_count(held), 1);
        }
    }
}
