//! What filters have been asked about.

use std::cell::Cell;

use tracing::Metadata;
use tracing::callsite::Identifier;

use crate::attached::Owner;

/// The filters of `owner` are asked about this.
pub(crate) fn ask(owner: Owner, metadata: &Metadata<'_>) {
    let _ = ASKED.try_with(|asked| asked.set(Some((owner, metadata.callsite()))));
}

/// Now it happens. Whether the filters were last asked about something else, which did not happen:
/// what they answered is still on the thread, and would count for this (tokio-rs/tracing#2519).
pub(crate) fn is_stale(owner: Owner, metadata: &Metadata<'_>) -> bool {
    let asked = ASKED.try_with(Cell::take).ok().flatten();
    asked.is_some_and(|(asked, callsite)| asked == owner && callsite != metadata.callsite())
}

thread_local! {
    static ASKED: Cell<Option<(Owner, Identifier)>> = const { Cell::new(None) };
}
