//! What an operation holds from its start to its end, in a box that goes from one to the next.

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

/// One size for all: what is not recorded keeps the room for a recording, too. It is recycled, and
/// two kinds of box would have to be told apart at every step.
pub(super) struct State {
    pub(super) context: Context,
    /// `None` where nothing is recorded and nothing goes out with the request.
    pub(super) instrumentation: Option<Arc<Instrumentation>>,
    pub(super) injection: Injection,
    pub(super) recorded: Recorded,
    /// What handlers see of it; `None` for a client's, and where nothing comes of it.
    pub(super) served: Option<Arc<Served>>,
}

/// Whether an operation is recorded.
#[expect(
    clippy::large_enum_variant,
    reason = "the box around it is recycled, and has room for all"
)]
pub(super) enum Recorded {
    /// No: only the context passes on.
    Not,
    /// Yes, but nothing will come of what it is told: the sampler decided against the span, and
    /// nothing measures.
    Decided,
    Recording(Recording),
}

impl State {
    /// Not recorded and with nothing to send, in a box that an earlier operation left, if there is
    /// one.
    pub(super) fn boxed(context: Context) -> Box<Self> {
        let spare = SPARE.try_with(Pool::take);
        let mut state = spare
            .ok()
            .flatten()
            .unwrap_or_else(|| Box::new(Self::blank()));
        state.context = context;
        state
    }

    /// Not recorded, and its context goes out as `injection` says.
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

    /// Lets handlers see the request, if one is served here and something comes of it.
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

    /// Writes the end down, and leaves the box to the next operation without what was in it: a
    /// spare is kept for as long as its thread, and how much a request holds is for the client to
    /// say.
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
        // Where the thread is about to end, it is dropped.
        let _ = SPARE.try_with(|spare| spare.leave(self));
    }

    /// Field by field, which moves less than a blank state does.
    fn clear(&mut self) {
        self.context = Context::new();
        self.instrumentation = None;
        self.injection = Injection::Nothing;
        self.recorded = Recorded::Not;
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
