//! The list that the labels of a request's metrics are gathered in, handed on from one to the next.

use opentelemetry::KeyValue;

use super::pool::Pool;

/// An empty list, with room if an earlier request left one.
pub(crate) fn list() -> Vec<KeyValue> {
    match SPARE.try_with(Pool::take) {
        Ok(Some(list)) => list,
        _ => Vec::with_capacity(USUAL),
    }
}

/// Leaves the list to the next request. Only the SDK's own copies outlive a measurement.
pub(crate) fn leave(mut list: Vec<KeyValue>) {
    list.clear();
    if list.capacity() <= MOST {
        // Where the thread is about to end, it is dropped.
        let _ = SPARE.try_with(|spare| spare.leave(list));
    }
}

thread_local! {
    static SPARE: Pool<Vec<KeyValue>> = const { Pool::new() };
}

/// Room for all labels of every convention.
const USUAL: usize = 7;
/// What hooks add beyond is not kept room for.
const MOST: usize = 32;
