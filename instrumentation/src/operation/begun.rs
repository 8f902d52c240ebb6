//! What an operation holds from its start to its end, in a box that goes from one to the next.

use std::sync::Arc;

use opentelemetry::Context;

use crate::baggage::Injection;
use crate::convention::Ending;
use crate::recording::{Place, Recording};
use crate::shared::Shared;
use crate::spare::Spare;

pub(super) struct Begun {
    pub(super) context: Context,
    /// `None` in a spare box only.
    pub(super) shared: Option<Arc<Shared>>,
    pub(super) injection: Injection,
    pub(super) is_recorded: bool,
    /// `None` also where nothing will come of the record: no span was sampled, nothing measures.
    pub(super) recording: Option<Recording>,
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
            recording.complete(&self.context, shared, ending, place);
        }
        *self = Self::blank();
        // Where the thread is about to end, it is dropped.
        let _ = SPARE.try_with(|spare| spare.leave(self));
    }

    fn blank() -> Self {
        Self {
            context: Context::new(),
            shared: None,
            injection: Injection::Everything,
            is_recorded: false,
            recording: None,
        }
    }
}

thread_local! {
    static SPARE: Spare<Box<Begun>> = const { Spare::new() };
}
