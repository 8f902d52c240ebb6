//! Spans that stand for a context, before their first handle exists and after the last is gone.

use std::cell::Cell;

use opentelemetry::trace::SpanContext;
use tracing::span::Id;

use crate::attached::Owner;

/// Notes that the span was created and its id was returned.
pub(crate) fn offer(owner: Owner, id: Id) {
    let _ = UNCLAIMED.try_with(|unclaimed| unclaimed.set(Some((owner, id))));
}

/// Whether this clones the returned id: `Span::current` does, and the clone is the first handle.
pub(crate) fn claim(owner: Owner, id: &Id) -> bool {
    let claimed = UNCLAIMED.try_with(|unclaimed| match unclaimed.take() {
        Some((offered, span)) if offered == owner && span == *id => true,
        other => {
            unclaimed.set(other);
            false
        }
    });
    claimed.unwrap_or(false)
}

/// A span whose id was returned but never cloned: the caller only wanted the id.
pub(crate) fn abandoned(owner: Owner) -> Option<Id> {
    let (offered, id) = UNCLAIMED.try_with(Cell::take).ok()??;
    (offered == owner).then_some(id)
}

/// Notes that the last handle is gone.
pub(crate) fn close(owner: Owner, id: Id, context: SpanContext) {
    let _ = LAST.try_with(|last| last.set(Some((owner, id, context))));
}

/// The context of the span that was closed last on this thread.
pub(crate) fn closed(owner: Owner, id: &Id) -> Option<SpanContext> {
    let (closed, last, context) = LAST.try_with(Cell::take).ok()??;
    (closed == owner && last == *id).then_some(context)
}

thread_local! {
    static UNCLAIMED: Cell<Option<(Owner, Id)>> = const { Cell::new(None) };
    static LAST: Cell<Option<(Owner, Id, SpanContext)>> = const { Cell::new(None) };
}
