//! What an operation holds from its start to its end, in a box that goes from one to the next.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use opentelemetry::Context;

use super::Told;
use crate::baggage::Injection;
use crate::convention::Ending;
use crate::recording::{Place, Recording};
use crate::route::Route;
use crate::shared::Shared;
use crate::spare::Spare;

/// One size for all: what is not recorded keeps the room for a recording, too. It is recycled, and
/// two kinds of box would have to be told apart at every step.
pub(super) struct Begun {
    pub(super) context: Context,
    /// `None` in a spare box only.
    pub(super) shared: Option<Arc<Shared>>,
    pub(super) injection: Injection,
    pub(super) is_recorded: bool,
    /// `None` also where nothing will come of the record: no span was sampled, nothing measures.
    pub(super) recording: Option<Recording>,
    /// What a handler said of the span, once it has asked for it.
    pub(super) told: OnceLock<Arc<Told>>,
}

impl Begun {
    /// Not recorded, in a box that an earlier operation left, if there is one.
    pub(super) fn boxed(context: Context, shared: Arc<Shared>, injection: Injection) -> Box<Self> {
        let spare = SPARE.try_with(Spare::take);
        let mut begun = spare
            .ok()
            .flatten()
            .unwrap_or_else(|| Box::new(Self::blank()));
        begun.context = context;
        begun.shared = Some(shared);
        begun.injection = injection;
        begun
    }

    /// Writes the end down, and leaves the box to the next operation without what was in it: a
    /// spare is kept for as long as its thread, and how much a request holds is for the client to
    /// say.
    pub(super) fn complete(mut self: Box<Self>, ending: Ending, place: Place) {
        if let (Some(recording), Some(shared)) = (&mut self.recording, &self.shared) {
            if let Some(told) = self.told.get() {
                recording.hear(told);
            }
            recording.complete(&self.context, shared, ending, place);
        }
        *self = Self::blank();
        // Where the thread is about to end, it is dropped.
        let _ = SPARE.try_with(|spare| spare.leave(self));
    }

    /// The route of a request that is served, as far as it is known; `None` for a client's, and
    /// where nothing comes of it.
    pub(super) fn served(&self) -> Option<Option<&'static str>> {
        let (recording, shared) = self.recording.as_ref().zip(self.shared.as_ref())?;
        if !shared.convention.is_server() {
            return None;
        }
        Some(match recording.route {
            Route::Final(Cow::Borrowed(route)) => Some(route),
            _ => None,
        })
    }

    fn blank() -> Self {
        Self {
            context: Context::new(),
            shared: None,
            injection: Injection::Everything,
            is_recorded: false,
            recording: None,
            told: OnceLock::new(),
        }
    }
}

thread_local! {
    static SPARE: Spare<Box<Begun>> = const { Spare::new() };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rules;
    use crate::convention::Convention;

    #[test]
    fn a_spare_box_keeps_nothing_of_its_operation() {
        struct Held {
            _value: Arc<()>,
        }
        let shared = Shared::new(
            Convention::HttpServer,
            crate::scope("", ""),
            Rules::default(),
        );
        let (first, second) = (Arc::new(()), Arc::new(()));
        for value in [&first, &second] {
            let held = Held {
                _value: value.clone(),
            };
            let context = Context::new().with_value(held);
            let mut begun = Begun::boxed(context, shared.clone(), Injection::Nothing);
            assert!(!begun.is_recorded);
            begun.is_recorded = true;
            begun.complete(Ending::Finished, Place::Call);
        }
        for held in [&first, &second] {
            assert_eq!(Arc::strong_count(held), 1);
        }
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
