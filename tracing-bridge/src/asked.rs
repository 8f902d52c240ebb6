//! The callsite that the filters of this thread were last asked about.

use std::cell::Cell;

use tracing::Metadata;
use tracing::callsite::Identifier;

use crate::attached::Owner;

/// Notes that the filters of `owner` are asked about this callsite.
pub(crate) fn ask(owner: Owner, metadata: &Metadata<'_>) {
    let _ = ASKED.try_with(|asked| asked.set(Some((owner, metadata.callsite()))));
}

/// Called when the span or event happens. Returns whether the filters were last asked about
/// something else, which did not happen: their answer is still on the thread, and would be applied
/// to this callsite (tokio-rs/tracing#2519).
pub(crate) fn is_stale(owner: Owner, metadata: &Metadata<'_>) -> bool {
    let asked = ASKED.try_with(Cell::take).ok().flatten();
    asked.is_some_and(|(asked, callsite)| asked == owner && callsite != metadata.callsite())
}

thread_local! {
    static ASKED: Cell<Option<(Owner, Identifier)>> = const { Cell::new(None) };
}
